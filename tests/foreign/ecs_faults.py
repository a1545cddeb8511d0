"""What goes wrong with requests to ECS, as boto3 sees it: the faults are set before this script starts."""

import datetime
import os
import time

import boto3
import botocore.config
import botocore.exceptions

REGION = os.environ["AWS_REGION"]
once = botocore.config.Config(region_name=REGION, retries={"total_max_attempts": 1})
thrice = botocore.config.Config(region_name=REGION, retries={"total_max_attempts": 3, "mode": "standard"})
ecs = boto3.client("ecs", config=once)


def ok(what):
    print("ok", what)


def code_of(call, **fields):
    try:
        call(**fields)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError("the call was not refused")


assert code_of(ecs.list_clusters) == ("ThrottlingException", 400)
boto3.client("ecs", config=thrice).list_clusters()
ok("a client that tries again outlives throttling")

assert code_of(ecs.list_task_definitions) == ("ServerException", 500)
ecs.list_task_definitions()
ok("a server error that happens once")

service = dict(cluster="prod", service="idp")


def ids():
    found = ecs.describe_services(cluster="prod", services=["idp"])["services"][0]
    return [one["id"] for one in found["deployments"]], found["currentServiceDeployment"]


(before, current) = ids()
try:
    ecs.update_service(**service, forceNewDeployment=True)
    raise AssertionError("the answer came through")
except (botocore.exceptions.HTTPClientError, botocore.exceptions.ResponseStreamingError):
    pass
assert ids() == (before, current), "reads are twenty seconds old"
listed = ecs.list_service_deployments(**service)["serviceDeployments"]
assert listed[0]["status"] == "PENDING", "this read is not"
for _ in range(600):
    (after, now) = ids()
    if after != before:
        break
    time.sleep(0.02)
assert after[1:] == before, after
assert now == current == listed[1]["serviceDeploymentArn"], "that field is older still"
ok("a lost answer was done all the same, and old reads show it later")

created = listed[0]["createdAt"]
skewed = datetime.datetime.fromtimestamp(float(os.environ["CREATED"]), datetime.timezone.utc)
assert created - skewed > datetime.timedelta(minutes=4), (created, skewed)
ok("a clock that is five minutes ahead")

short = boto3.client(
    "ecs",
    config=once,
    aws_access_key_id=os.environ["SHORT_ACCESS_KEY_ID"],
    aws_secret_access_key=os.environ["SHORT_SECRET_ACCESS_KEY"],
    aws_session_token=os.environ["SHORT_SESSION_TOKEN"],
)
for _ in range(600):
    try:
        short.describe_services(cluster="prod", services=["idp"])
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "ExpiredTokenException", error
        break
    time.sleep(0.05)
else:
    raise AssertionError("the credentials did not expire")
ok("credentials that expire")
