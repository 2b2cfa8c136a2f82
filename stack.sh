# What the scripts share that change a stack: source this with the stack's name in $stack.
# shellcheck shell=bash
: "${stack:?}"
program=$(basename "$0")
fail() { echo "$program: $*" >&2; exit 1; }
region=$(aws configure get region || true)
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$region}}
[ -n "$region" ] || fail "set AWS_REGION to the region of the stack"
export AWS_REGION=$region AWS_DEFAULT_REGION=$region

# A template without the spaces between its parts, so that it stays within the 51,200 bytes that a request may have
# (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html).
on_one_line() { sed -E 's/^ *//; s/^("[^"\\]*"): /\1:/' | tr -d '\n'; }
# A field of an item of a source's stream in a table StreamStatusTable; None if it is not there.
status_item() { aws dynamodb get-item --table-name "$1" --consistent-read --output text \
    --key "{\"streamId\":{\"S\":\"$2\"},\"item\":{\"S\":\"$3\"}}" --query "Item.$4"; }
arn_of_table() { aws dynamodb describe-table --table-name "$1" --query Table.TableArn --output text; }
# An output of the stack; those whose names contain it.
outputs() { aws cloudformation describe-stacks --stack-name "$stack" --query "Stacks[0].Outputs[?contains(OutputKey, '$1')].OutputValue" --output text; }
# A resource's id in AWS, by its name in the template.
physical() { aws cloudformation describe-stack-resource --stack-name "$stack" --logical-resource-id "$1" \
    --query StackResourceDetail.PhysicalResourceId --output text; }

# The tables that this stack uses or has used: those of its name, with or without the time of a restore.
tables_of_stack() {
    local all
    all=$(aws dynamodb list-tables --query 'TableNames[]' --output text)
    tr '\t' '\n' <<< "$all" | grep -E "^$stack(-[0-9]{14})?-(Tweets|Statistics|StreamStatus)Table\$" || true
}

# Functions that are kept from running. What is not changed after all must work again: call go_on at the end, whatever happens.
paused=''
pause() {
    for function in "$@"; do
        paused="$paused $function"
        aws lambda put-function-concurrency --function-name "$function" --reserved-concurrent-executions 0 > /dev/null
    done
}
go_on() {
    for function in $paused; do
        aws lambda delete-function-concurrency --function-name "$function" || echo "$program: set the reserved concurrency of $function off by hand" >&2
    done
    paused=''
}
# Stops the streamer and waits until it has ended; the reason is for ECS.
stop_tasks() {
    local cluster tasks task
    cluster=$(outputs Cluster)
    tasks=$(aws ecs list-tasks --cluster "$cluster" --query 'taskArns[]' --output text)
    for task in $tasks; do
        [ "$task" != None ] || continue
        aws ecs stop-task --cluster "$cluster" --task "$task" --reason "aviary: $1" > /dev/null
        aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task"
    done
}
