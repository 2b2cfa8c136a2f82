//! What IAM checks when a stack is deployed, kept or removed.

/// What IAM checks for each command of the AWS CLI in the scripts: the command, what it is for, and the actions.
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>
pub(super) const COMMANDS: &[(&str, &str, &str)] = &[
    ("cloudformation delete-change-set", STACK, "cloudformation:DeleteChangeSet"),
    ("cloudformation delete-stack", STACK, "cloudformation:DeleteStack"),
    // It describes the stack, makes a change set, and waits for it; the change set has the stack's tags.
    (
        "cloudformation deploy",
        STACK,
        "cloudformation:DescribeStacks cloudformation:GetTemplateSummary cloudformation:CreateChangeSet
         cloudformation:DescribeChangeSet cloudformation:TagResource cloudformation:UntagResource",
    ),
    ("cloudformation deploy", CHANGE_SET, "cloudformation:TagResource"),
    ("cloudformation update-stack", STACK, "cloudformation:UpdateStack cloudformation:DescribeStacks"),
    (
        "cloudformation deploy",
        "arn:aws:cloudformation:eu-central-1:aws:transform/Serverless-2016-10-31",
        "cloudformation:CreateChangeSet",
    ),
    (
        "cloudformation deploy",
        "arn:aws:cloudformation:eu-central-1:aws:transform/LanguageExtensions",
        "cloudformation:CreateChangeSet",
    ),
    ("cloudformation deploy", CODE, "s3:GetObject s3:PutObject"),
    ("cloudformation describe-change-set", STACK, "cloudformation:DescribeChangeSet"),
    ("cloudformation describe-stack-events", STACK, "cloudformation:DescribeStackEvents"),
    ("cloudformation describe-stack-resource", STACK, "cloudformation:DescribeStackResource"),
    ("cloudformation describe-stacks", STACK, "cloudformation:DescribeStacks"),
    ("cloudformation execute-change-set", STACK, "cloudformation:ExecuteChangeSet"),
    ("cloudformation get-template", STACK, "cloudformation:GetTemplate"),
    ("cloudformation package", CODE, "s3:GetObject s3:PutObject s3:AbortMultipartUpload"),
    ("cloudformation set-stack-policy", STACK, "cloudformation:SetStackPolicy"),
    ("cloudformation update-termination-protection", STACK, "cloudformation:UpdateTerminationProtection"),
    ("cloudformation wait", STACK, "cloudformation:DescribeStacks"),
    // It reads a file of this machine.
    ("configure get", "*", ""),
    ("dynamodb delete-table", TABLE, "dynamodb:DeleteTable"),
    ("dynamodb describe-table", TABLE, "dynamodb:DescribeTable"),
    ("dynamodb describe-time-to-live", TABLE, "dynamodb:DescribeTimeToLive"),
    ("dynamodb get-item", TABLE, "dynamodb:GetItem"),
    ("dynamodb list-tables", "*", "dynamodb:ListTables"),
    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/pointintimerecovery_beforeyoubegin.html
    (
        "dynamodb restore-table-to-point-in-time",
        TABLE,
        "dynamodb:RestoreTableToPointInTime dynamodb:BatchWriteItem dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem
         dynamodb:Query dynamodb:Scan dynamodb:UpdateItem",
    ),
    ("dynamodb list-tags-of-resource", TABLE, "dynamodb:ListTagsOfResource"),
    ("dynamodb tag-resource", TABLE, "dynamodb:TagResource"),
    ("dynamodb scan", TABLE, "dynamodb:Scan"),
    ("dynamodb update-continuous-backups", TABLE, "dynamodb:UpdateContinuousBackups"),
    ("dynamodb update-item", TABLE, "dynamodb:UpdateItem"),
    ("dynamodb update-table", TABLE, "dynamodb:UpdateTable"),
    ("dynamodb update-time-to-live", TABLE, "dynamodb:UpdateTimeToLive"),
    ("dynamodb wait", TABLE, "dynamodb:DescribeTable"),
    ("ecr create-repository", REPOSITORY, "ecr:CreateRepository ecr:TagResource"),
    ("ecr delete-repository", REPOSITORY, "ecr:DeleteRepository"),
    ("ecr describe-images", REPOSITORY, "ecr:DescribeImages"),
    ("ecr describe-repositories", REPOSITORY, "ecr:DescribeRepositories"),
    ("ecr get-login-password", "*", "ecr:GetAuthorizationToken"),
    ("ecr put-lifecycle-policy", REPOSITORY, "ecr:PutLifecyclePolicy"),
    ("ecr tag-resource", REPOSITORY, "ecr:TagResource"),
    ("ecs deregister-task-definition", "*", "ecs:DeregisterTaskDefinition"),
    ("ecs describe-tasks", TASK, "ecs:DescribeTasks"),
    ("ecs list-task-definitions", "*", "ecs:ListTaskDefinitions"),
    ("ecs list-tasks", "*", "ecs:ListTasks"),
    ("ecs stop-task", TASK, "ecs:StopTask"),
    ("ecs wait", TASK, "ecs:DescribeTasks"),
    ("lambda delete-function-concurrency", FUNCTION, "lambda:DeleteFunctionConcurrency"),
    ("lambda get-account-settings", "*", "lambda:GetAccountSettings"),
    ("lambda put-function-concurrency", FUNCTION, "lambda:PutFunctionConcurrency"),
    ("s3 mb", BUCKET, "s3:CreateBucket"),
    ("s3 rb", BUCKET, "s3:DeleteBucket s3:ListBucket"),
    ("s3 rb", CODE, "s3:DeleteObject"),
    ("s3api head-bucket", BUCKET, "s3:ListBucket"),
    ("s3api put-bucket-lifecycle-configuration", BUCKET, "s3:PutLifecycleConfiguration"),
    ("s3api put-bucket-tagging", BUCKET, "s3:PutBucketTagging"),
    ("s3api put-public-access-block", BUCKET, "s3:PutBucketPublicAccessBlock"),
    ("sqs get-queue-attributes", QUEUE, "sqs:GetQueueAttributes"),
    (
        "ssm put-parameter",
        "arn:aws:ssm:eu-central-1:123456789012:parameter/TwitterBearerToken",
        "ssm:PutParameter",
    ),
    ("sts get-caller-identity", "*", "sts:GetCallerIdentity"),
];

/// What else the documentation has somebody do who sets a stack up.
pub(super) const BESIDES: &[(&str, &str, &str)] = &[
    // https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
    (
        "docker push",
        REPOSITORY,
        "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:CompleteLayerUpload ecr:GetDownloadUrlForLayer
         ecr:InitiateLayerUpload ecr:PutImage ecr:UploadLayerPart",
    ),
    (
        "aviary key",
        "arn:aws:ssm:eu-central-1:123456789012:parameter/AviaryApiKeys",
        "ssm:GetParameter ssm:PutParameter ssm:AddTagsToResource",
    ),
    // API Gateway asks for it, on behalf of whoever gives a stage a log, and writes the log's policy.
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
    (
        "the API's log",
        "*",
        "logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeLogGroups logs:DescribeResourcePolicies
         logs:GetLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:UpdateLogDelivery",
    ),
    ("roles", ROLE, "iam:PassRole"),
    // ECS makes its own role with an account's first cluster.
    (
        "the first cluster",
        "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        "iam:CreateServiceLinkedRole",
    ),
];

/// What CloudFormation does with each type of resource, with the credentials of whoever deploys. The actions are those
/// of `handlers` and `tagging` in CloudFormation's own schemas of these types, which cfn-lint has
/// (<https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html>), except for those that
/// only properties need which the template does not set, such as KMS keys, streams, file systems and ingress rules.
pub(super) const TYPES: &[(&str, &str, &str)] = &[
    ("AWS::ApiGatewayV2::Api", API, ANY_METHOD),
    ("AWS::ApiGatewayV2::Api", "arn:aws:apigateway:eu-central-1::/apis", "apigateway:POST"),
    ("AWS::ApiGatewayV2::Authorizer", API, ANY_METHOD),
    ("AWS::ApiGatewayV2::Integration", API, ANY_METHOD),
    ("AWS::ApiGatewayV2::Route", API, ANY_METHOD),
    ("AWS::ApiGatewayV2::Stage", API, ANY_METHOD),
    (
        "AWS::ApiGatewayV2::Stage",
        "arn:aws:apigateway:eu-central-1::/tags/arn%3Aaws%3Aapigateway",
        "apigateway:POST apigateway:DELETE",
    ),
    (
        "AWS::CloudWatch::Alarm",
        "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:aviary-LagAlarm-1A2B",
        "cloudwatch:DeleteAlarms cloudwatch:DescribeAlarms cloudwatch:ListTagsForResource cloudwatch:PutMetricAlarm
         cloudwatch:TagResource cloudwatch:UntagResource",
    ),
    (
        "AWS::CloudWatch::Dashboard",
        "arn:aws:cloudwatch::123456789012:dashboard/aviary",
        "cloudwatch:DeleteDashboards cloudwatch:GetDashboard cloudwatch:ListTagsForResource cloudwatch:PutDashboard
         cloudwatch:TagResource cloudwatch:UntagResource",
    ),
    (
        "AWS::DynamoDB::Table",
        TABLE,
        "dynamodb:CreateTable dynamodb:DeleteTable dynamodb:DescribeContinuousBackups dynamodb:DescribeContributorInsights
         dynamodb:DescribeKinesisStreamingDestination dynamodb:DescribeTable dynamodb:DescribeTimeToLive
         dynamodb:GetResourcePolicy dynamodb:ListTagsOfResource dynamodb:TagResource dynamodb:UntagResource
         dynamodb:UpdateContinuousBackups dynamodb:UpdateTable dynamodb:UpdateTimeToLive",
    ),
    (
        "AWS::EC2::InternetGateway",
        "*",
        "ec2:CreateInternetGateway ec2:CreateTags ec2:DeleteInternetGateway ec2:DeleteTags ec2:DescribeInternetGateways",
    ),
    (
        "AWS::EC2::Route",
        "*",
        "ec2:CreateRoute ec2:DeleteRoute ec2:DescribeNetworkInterfaces ec2:DescribeRouteTables ec2:ReplaceRoute",
    ),
    (
        "AWS::EC2::RouteTable",
        "*",
        "ec2:CreateRouteTable ec2:CreateTags ec2:DeleteRouteTable ec2:DeleteTags ec2:DescribeRouteTables",
    ),
    (
        "AWS::EC2::SecurityGroup",
        "*",
        "ec2:AuthorizeSecurityGroupEgress ec2:CreateSecurityGroup ec2:CreateTags ec2:DeleteSecurityGroup ec2:DeleteTags
         ec2:DescribeInstances ec2:DescribeSecurityGroups ec2:RevokeSecurityGroupEgress
         ec2:UpdateSecurityGroupRuleDescriptionsEgress",
    ),
    // `!GetAZs` asks for the zones.
    (
        "AWS::EC2::Subnet",
        "*",
        "ec2:CreateSubnet ec2:CreateTags ec2:DeleteSubnet ec2:DeleteTags ec2:DescribeNetworkAcls ec2:DescribeSubnets
         ec2:ModifySubnetAttribute ec2:DescribeAvailabilityZones ec2:DescribeAccountAttributes",
    ),
    (
        "AWS::EC2::SubnetRouteTableAssociation",
        "*",
        "ec2:AssociateRouteTable ec2:DescribeRouteTables ec2:DescribeSubnets ec2:DisassociateRouteTable
         ec2:ReplaceRouteTableAssociation",
    ),
    (
        "AWS::EC2::VPC",
        "*",
        "ec2:CreateTags ec2:CreateVpc ec2:DeleteTags ec2:DeleteVpc ec2:DescribeNetworkAcls ec2:DescribeSecurityGroups
         ec2:DescribeVpcAttribute ec2:DescribeVpcEncryptionControls ec2:DescribeVpcs ec2:ModifyVpcAttribute",
    ),
    (
        "AWS::EC2::VPCEndpoint",
        "*",
        "ec2:CreateTags ec2:CreateVpcEndpoint ec2:DeleteTags ec2:DeleteVpcEndpoints ec2:DescribeSecurityGroups
         ec2:DescribeSubnets ec2:DescribeVpcEndpoints ec2:DescribeVpcs ec2:ModifyVpcEndpoint",
    ),
    (
        "AWS::EC2::VPCGatewayAttachment",
        "*",
        "ec2:AttachInternetGateway ec2:DescribeInternetGateways ec2:DescribeVpnGateways ec2:DetachInternetGateway",
    ),
    (
        "AWS::ECS::Cluster",
        "arn:aws:ecs:eu-central-1:123456789012:cluster/aviary-StreamerCluster-1A2B",
        "ecs:CreateCluster ecs:DeleteCluster ecs:DescribeClusters ecs:ListTagsForResource ecs:TagResource
         ecs:UntagResource ecs:UpdateCluster ecs:UpdateClusterSettings",
    ),
    (
        "AWS::ECS::TaskDefinition",
        "arn:aws:ecs:eu-central-1:123456789012:task-definition/aviary-streamer:7",
        "ecs:ListTagsForResource ecs:RegisterTaskDefinition ecs:TagResource ecs:UntagResource",
    ),
    (
        "AWS::ECS::TaskDefinition",
        "arn:aws:ecs:eu-central-1:123456789012:task-definition/aviary-mastodon:7",
        "ecs:ListTagsForResource ecs:RegisterTaskDefinition ecs:TagResource ecs:UntagResource",
    ),
    ("AWS::ECS::TaskDefinition", "*", "ecs:DeregisterTaskDefinition ecs:DescribeTaskDefinition"),
    ("AWS::ECS::TaskDefinition", ROLE, "iam:GetRole iam:PassRole"),
    (
        "AWS::Events::Rule",
        "arn:aws:events:eu-central-1:123456789012:rule/aviary-EveryMinute-1A2B",
        "events:DeleteRule events:DescribeRule events:ListTagsForResource events:ListTargetsByRule events:PutRule
         events:PutTargets events:RemoveTargets events:TagResource events:UntagResource",
    ),
    (
        "AWS::IAM::ManagedPolicy",
        "arn:aws:iam::123456789012:policy/aviary-ControlAndMinutePolicy-1A2B",
        "iam:CreatePolicy iam:CreatePolicyVersion iam:DeletePolicy iam:DeletePolicyVersion iam:GetPolicy
         iam:GetPolicyVersion iam:ListEntitiesForPolicy iam:ListPolicyVersions",
    ),
    (
        "AWS::IAM::Role",
        ROLE,
        "iam:AttachRolePolicy iam:CreateRole iam:DeleteRole iam:DeleteRolePolicy iam:DetachRolePolicy iam:GetRole
         iam:GetRolePolicy iam:ListAttachedRolePolicies iam:ListRolePolicies iam:ListRoleTags iam:PutRolePolicy
         iam:TagRole iam:UntagRole iam:UpdateAssumeRolePolicy iam:UpdateRole iam:UpdateRoleDescription",
    ),
    ("AWS::Lambda::EventSourceMapping", "*", "lambda:CreateEventSourceMapping"),
    (
        "AWS::Lambda::EventSourceMapping",
        "arn:aws:lambda:eu-central-1:123456789012:event-source-mapping:11111111-2222",
        "lambda:DeleteEventSourceMapping lambda:GetEventSourceMapping lambda:ListTags lambda:TagResource
         lambda:UntagResource lambda:UpdateEventSourceMapping",
    ),
    ("AWS::Lambda::Permission", FUNCTION, "lambda:AddPermission lambda:GetPolicy lambda:RemovePermission"),
    (
        "AWS::Logs::QueryDefinition",
        "*",
        "logs:DeleteQueryDefinition logs:DescribeQueryDefinitions logs:PutQueryDefinition",
    ),
    (
        "AWS::Logs::LogGroup",
        LOG,
        "logs:CreateLogGroup logs:DeleteLogGroup logs:DeleteRetentionPolicy logs:GetDataProtectionPolicy
         logs:ListTagsForResource logs:PutRetentionPolicy logs:TagResource logs:UntagResource",
    ),
    (
        "AWS::Logs::LogGroup",
        "*",
        "logs:DescribeIndexPolicies logs:DescribeLogGroups logs:DescribeResourcePolicies",
    ),
    (
        "AWS::Logs::MetricFilter",
        LOG,
        "logs:DeleteMetricFilter logs:DescribeMetricFilters logs:PutMetricFilter",
    ),
    (
        "AWS::SNS::Topic",
        "arn:aws:sns:eu-central-1:123456789012:aviary-AlarmTopic-1A2B",
        "sns:CreateTopic sns:DeleteTopic sns:GetDataProtectionPolicy sns:GetTopicAttributes
         sns:ListSubscriptionsByTopic sns:ListTagsForResource sns:SetTopicAttributes sns:Subscribe sns:TagResource
         sns:UntagResource",
    ),
    ("AWS::SNS::Topic", "*", "sns:Unsubscribe"),
    (
        "AWS::SQS::Queue",
        QUEUE,
        "sqs:CreateQueue sqs:DeleteQueue sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ListQueueTags
         sqs:SetQueueAttributes sqs:TagQueue sqs:UntagQueue",
    ),
    ("AWS::SQS::QueuePolicy", QUEUE, "sqs:SetQueueAttributes"),
    // It becomes AWS::Lambda::Function, and AWS::Lambda::EventInvokeConfig.
    (
        "AWS::Serverless::Function",
        FUNCTION,
        "lambda:CreateFunction lambda:DeleteFunction lambda:GetFunction lambda:GetFunctionCodeSigningConfig
         lambda:GetFunctionRecursionConfig lambda:GetFunctionScalingConfig lambda:GetRuntimeManagementConfig
         lambda:ListTags lambda:TagResource lambda:UntagResource lambda:UpdateFunctionCode
         lambda:UpdateFunctionConfiguration lambda:DeleteFunctionEventInvokeConfig
         lambda:GetFunctionEventInvokeConfig lambda:PutFunctionEventInvokeConfig
         lambda:UpdateFunctionEventInvokeConfig",
    ),
    ("AWS::Serverless::Function", ROLE, "iam:PassRole"),
    ("AWS::Serverless::Function", CODE, "s3:GetObject"),
];

// One of each, as it is called in the stack `aviary`.
const STACK: &str = "arn:aws:cloudformation:eu-central-1:123456789012:stack/aviary/11111111-2222";
const CHANGE_SET: &str =
    "arn:aws:cloudformation:eu-central-1:123456789012:changeSet/awscli-cloudformation-package-deploy-1/1";
const BUCKET: &str = "arn:aws:s3:::aviary-code-123456789012-eu-central-1";
const CODE: &str = "arn:aws:s3:::aviary-code-123456789012-eu-central-1/0123abcd";
const REPOSITORY: &str = "arn:aws:ecr:eu-central-1:123456789012:repository/aviary-streamer";
const TABLE: &str = "arn:aws:dynamodb:eu-central-1:123456789012:table/aviary-TweetsTable-1A2B";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:123456789012:aviary-TweetsFifoQueue-1A2B.fifo";
const FUNCTION: &str = "arn:aws:lambda:eu-central-1:123456789012:function:aviary-ReadFunction-1A2B";
const TASK: &str = "arn:aws:ecs:eu-central-1:123456789012:task/aviary-StreamerCluster-1A2B/0123abcd";
const ROLE: &str = "arn:aws:iam::123456789012:role/aviary-ReadRole-1A2B";
const LOG: &str = "arn:aws:logs:eu-central-1:123456789012:log-group:aviary-ReadLog-1A2B";
const API: &str = "arn:aws:apigateway:eu-central-1::/apis/a1b2c3";
const ANY_METHOD: &str = "apigateway:DELETE apigateway:GET apigateway:PATCH apigateway:POST apigateway:PUT";
