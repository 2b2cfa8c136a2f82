#!/usr/bin/env python3
"""Measures the time from the start of each function's process to its first poll of the Runtime API, on one core.

    local/benches/cold-start.py target/x86_64-unknown-linux-gnu/deploy
"""

import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

PROGRAMS = Path(sys.argv[1])
RUNS = 21
LIMIT_MS = 30
QUEUE = "http://127.0.0.1:9/0/queue"
VARIABLES = {
    **{name: "table" for name in ["TWEETS_TABLE", "STATISTICS_TABLE", "STREAM_STATUS_TABLE"]},
    **{name: QUEUE for name in ["TWEETS_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "STREAM_CLOSE_QUEUE_URL"]},
    **{name: name for name in ["CLUSTER", "TASK_DEFINITION", "SUBNETS", "SECURITY_GROUPS", "API_KEYS_PARAMETER"]},
    "TWITTER_BEARER_TOKEN_PARAMETER": "token",
    # Lambda itself sets these.
    "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_SESSION_TOKEN": "token",
    "AWS_LAMBDA_FUNCTION_NAME": "function", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_LOG_STREAM_NAME": "stream", "AWS_LAMBDA_LOG_GROUP_NAME": "group",
}


def first_poll_ms(program):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(10)
        environment = {**VARIABLES, "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % listener.getsockname()[1]}
        began = time.perf_counter()
        process = subprocess.Popen(["taskset", "-c", "0", program], env={"PATH": os.environ["PATH"], **environment},
                                   stderr=subprocess.DEVNULL)
        try:
            connection, _ = listener.accept()
            request = connection.recv(100)
            took = time.perf_counter() - began
            connection.close()
        finally:
            process.kill()
            process.wait()
    assert request.startswith(b"GET /2018-06-01/runtime/invocation/next"), request
    return took * 1000


slow = []
for name in ["read", "control", "minute", "authorizer", "consumer"]:
    took = sorted(first_poll_ms(PROGRAMS / name) for _ in range(RUNS))
    median = statistics.median(took)
    print(f"cold-start: {name}: median {median:.1f} ms, longest of {RUNS} {took[-1]:.1f} ms", flush=True)
    if median >= LIMIT_MS:
        slow.append(name)
sys.exit(f"cold-start: {', '.join(slow)} took {LIMIT_MS} ms or more" if slow else 0)
