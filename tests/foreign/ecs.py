"""ECS and CloudWatch Logs of the stand-ins, as boto3 and the aws CLI see them. Simulated time runs fast."""

import datetime
import json
import os
import subprocess
import sys
import time

import boto3
import botocore.config
import botocore.exceptions

REGION = os.environ["AWS_REGION"]
CLUSTER = "prod"
CLI = os.path.join(os.path.dirname(sys.executable), "aws")
FAST = {"Delay": 1, "MaxAttempts": 60}

config = botocore.config.Config(region_name=REGION, retries={"max_attempts": 1})
ecs = boto3.client("ecs", config=config)
logs = boto3.client("logs", config=config)


def ok(what):
    print("ok", what)


def code_of(call, *arguments, **fields):
    """The error code that a call ends with."""
    try:
        call(*arguments, **fields)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    raise AssertionError("the call was not refused")


def wait(read, wanted):
    """Reads until the answer is as wanted; the answers that were seen."""
    seen = []
    for _ in range(600):
        answer = read()
        if not seen or seen[-1] != answer:
            seen.append(answer)
        if wanted(answer):
            return seen
        time.sleep(0.05)
    raise AssertionError(seen)


def container(image, **fields):
    options = {"awslogs-group": "/ecs/idp", "awslogs-stream-prefix": "kc", "awslogs-region": REGION}
    return {
        "name": "idp",
        "image": image,
        "portMappings": [{"containerPort": 8080}],
        "environment": [{"name": "KC_DB", "value": "postgres"}],
        "logConfiguration": {"logDriver": "awslogs", "options": options},
        **fields,
    }


def register(family, image, **fields):
    answer = ecs.register_task_definition(
        family=family,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="1024",
        memory="2048",
        containerDefinitions=[container(image)],
        **fields,
    )
    return answer["taskDefinition"]["taskDefinitionArn"]


def service():
    return ecs.describe_services(cluster=CLUSTER, services=["idp"])["services"][0]


def deployment(arn):
    return ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]


def newest():
    listed = ecs.list_service_deployments(cluster=CLUSTER, service="idp")["serviceDeployments"]
    return listed[0]["serviceDeploymentArn"]


# clusters and task definitions
assert code_of(ecs.list_services, cluster=CLUSTER) == "ClusterNotFoundException"
cluster = ecs.create_cluster(clusterName=CLUSTER)["cluster"]
assert cluster["status"] == "ACTIVE"
described = ecs.describe_clusters(clusters=[CLUSTER, "other"])
assert described["clusters"][0]["clusterArn"] == cluster["clusterArn"]
assert described["failures"][0]["reason"] == "MISSING"
assert ecs.list_clusters()["clusterArns"] == [cluster["clusterArn"]]
ok("clusters")

first = register("idp", "registry.example/idp:1", tags=[{"key": "team", "value": "iam"}])
assert first.endswith(":task-definition/idp:1")
found = ecs.describe_task_definition(taskDefinition="idp", include=["TAGS"])
assert found["tags"] == [{"key": "team", "value": "iam"}]
assert found["taskDefinition"]["containerDefinitions"][0]["essential"] is True
assert found["taskDefinition"]["revision"] == 1
assert code_of(ecs.describe_task_definition, taskDefinition="none") == "ClientException"
for number in range(3):
    register("many", f"registry.example/many:{number}")
pages = ecs.get_paginator("list_task_definitions").paginate(familyPrefix="many", PaginationConfig={"PageSize": 2})
listed = [page["taskDefinitionArns"] for page in pages]
assert [len(page) for page in listed] == [2, 1], listed
gone = ecs.deregister_task_definition(taskDefinition=listed[0][0])["taskDefinition"]
assert gone["status"] == "INACTIVE"
assert ecs.list_task_definitions(familyPrefix="many", status="INACTIVE")["taskDefinitionArns"] == [listed[0][0]]
ok("task definitions, their pages and tags")

# a service, from nothing to stable
created = ecs.create_service(
    cluster=CLUSTER,
    serviceName="idp",
    taskDefinition="idp:1",
    desiredCount=2,
    launchType="FARGATE",
    networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}},
    loadBalancers=[{"targetGroupArn": "arn:aws:elasticloadbalancing:::targetgroup/idp/1", "containerName": "idp",
                    "containerPort": 8080}],
    deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
)["service"]
assert created["status"] == "ACTIVE" and created["runningCount"] == 0
assert created["deployments"][0]["rolloutState"] == "IN_PROGRESS"
assert created["deploymentConfiguration"]["maximumPercent"] == 200
again = dict(cluster=CLUSTER, serviceName="idp", taskDefinition="idp:1", desiredCount=2)
assert code_of(ecs.create_service, **again) == "InvalidParameterException"
ecs.get_waiter("services_stable").wait(cluster=CLUSTER, services=["idp"], WaiterConfig=FAST)
stable = service()
assert stable["runningCount"] == 2 and len(stable["deployments"]) == 1
assert "MISSING" == ecs.describe_services(cluster=CLUSTER, services=["none"])["failures"][0]["reason"]
assert ecs.list_services(cluster=CLUSTER)["serviceArns"] == [stable["serviceArn"]]
ok("services_stable ends when the first deployment has tasks")

arns = ecs.list_tasks(cluster=CLUSTER, serviceName="idp")["taskArns"]
ecs.get_waiter("tasks_running").wait(cluster=CLUSTER, tasks=arns, WaiterConfig=FAST)
tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=arns + ["0" * 32])
assert tasks["failures"][0]["reason"] == "MISSING"
task = tasks["tasks"][0]
assert task["startedBy"] == stable["deployments"][0]["id"]
assert task["group"] == "service:idp" and task["lastStatus"] == "RUNNING"
details = {detail["name"]: detail["value"] for detail in task["attachments"][0]["details"]}
assert details["privateIPv4Address"] == task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
assert task["createdAt"] < task["pullStartedAt"] < task["pullStoppedAt"] < task["startedAt"]
by_starter = ecs.list_tasks(cluster=CLUSTER, startedBy=task["startedBy"])["taskArns"]
assert sorted(by_starter) == sorted(arns)
both = dict(cluster=CLUSTER, startedBy=task["startedBy"], serviceName="idp")
assert code_of(ecs.list_tasks, **both) == "InvalidParameterException"
pages = ecs.get_paginator("list_tasks").paginate(cluster=CLUSTER, PaginationConfig={"PageSize": 1})
assert [len(page["taskArns"]) for page in pages] == [1, 1]
ok("tasks")

# a rollout
wait(lambda: deployment(newest())["status"], lambda status: status == "SUCCESSFUL")
old = {"cluster": CLUSTER, "service": "idp", "createdAt": {"after": stable["createdAt"] - datetime.timedelta(days=100)}}
assert code_of(ecs.list_service_deployments, **old) == "InvalidParameterException"
recent = {"after": stable["createdAt"] - datetime.timedelta(days=1)}
assert len(ecs.list_service_deployments(**{**old, "createdAt": recent})["serviceDeployments"]) == 1
assert ecs.list_service_deployments(**{**old, "createdAt": recent}, status=["STOPPED"])["serviceDeployments"] == []
register("idp", "registry.example/idp:2")
updated = ecs.update_service(cluster=CLUSTER, service="idp", taskDefinition="idp:2")["service"]
ours = updated["deployments"][0]["id"].removeprefix("ecs-svc/")
assert [one["status"] for one in updated["deployments"]] == ["PRIMARY", "ACTIVE"]
arn = newest()
assert deployment(arn)["targetServiceRevision"]["arn"].endswith("/" + ours)
statuses = wait(lambda: deployment(arn)["status"], lambda status: status == "SUCCESSFUL")
assert statuses[-1] == "SUCCESSFUL" and "IN_PROGRESS" in statuses, statuses
done = deployment(arn)
assert done["targetServiceRevision"]["runningTaskCount"] == 2
assert done["deploymentCircuitBreaker"] == {"status": "MONITORING_COMPLETE", "failureCount": 0, "threshold": 3}
assert done["createdAt"] < done["startedAt"] < done["finishedAt"]
stable = service()
assert [one["id"] for one in stable["deployments"]] == ["ecs-svc/" + ours]
assert stable["deployments"][0]["rolloutState"] == "COMPLETED"
assert stable["currentServiceDeployment"] == arn
messages = [event["message"] for event in stable["events"]]
assert any(message.endswith(f"(deployment ecs-svc/{ours}) deployment completed.") for message in messages), messages
times = [event["createdAt"] for event in stable["events"]]
assert times == sorted(times, reverse=True)
revisions = ecs.describe_service_revisions(serviceRevisionArns=[done["targetServiceRevision"]["arn"], "arn:none"])
image = revisions["serviceRevisions"][0]["containerImages"][0]
assert image["image"] == "registry.example/idp:2" and image["imageDigest"].startswith("sha256:")
assert revisions["failures"] == [{"arn": "arn:none", "reason": "MISSING"}]
ok("a whole rollout")

only = dict(cluster=CLUSTER, service="idp", desiredCount=2)
assert ecs.update_service(**only)["service"]["deployments"][0]["id"] == "ecs-svc/" + ours
same = dict(cluster=CLUSTER, service="idp", taskDefinition="idp:2")
assert ecs.update_service(**same)["service"]["deployments"][0]["id"] == "ecs-svc/" + ours
missing = dict(cluster=CLUSTER, service="none")
assert code_of(ecs.update_service, **missing) == "ServiceNotFoundException"
unknown = dict(cluster=CLUSTER, service="idp", taskDefinition="idp:99")
assert code_of(ecs.update_service, **unknown) == "ClientException"
ok("an update that changes nothing starts nothing")

# the circuit breaker
register("idp", "registry.example/idp:crashes")
ecs.update_service(cluster=CLUSTER, service="idp", taskDefinition="idp:3")
failing = newest()
ended = ("ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "SUCCESSFUL")
statuses = wait(lambda: deployment(failing)["status"], lambda status: status in ended)
assert statuses[-1] == "ROLLBACK_SUCCESSFUL" and "ROLLBACK_IN_PROGRESS" in statuses, statuses
failed = deployment(failing)
assert failed["deploymentCircuitBreaker"]["status"] == "TRIGGERED", failed
assert failed["rollback"]["serviceRevisionArn"].endswith("/" + ours)
assert "circuit breaker threshold" in failed["statusReason"]
ecs.get_waiter("services_stable").wait(cluster=CLUSTER, services=["idp"], WaiterConfig=FAST)
assert service()["taskDefinition"].endswith("idp:2")
stopped = ecs.list_tasks(cluster=CLUSTER, serviceName="idp", desiredStatus="STOPPED")["taskArns"]
stopped = ecs.describe_tasks(cluster=CLUSTER, tasks=stopped)["tasks"]
crashed = [one for one in stopped if one["stopCode"] == "EssentialContainerExited"]
assert crashed[0]["containers"][0]["exitCode"] == 3, crashed
assert crashed[0]["stoppedReason"] == "Essential container in task exited"
ok("a rollback by the circuit breaker, which services_stable takes for success")

task_id = crashed[0]["taskArn"].rsplit("/", 1)[-1]
stream = f"kc/idp/{task_id}"
events = logs.get_log_events(logGroupName="/ecs/idp", logStreamName=stream)
assert [event["message"] for event in events["events"]] == ["starting", "cannot reach the database"]
tail = logs.get_log_events(logGroupName="/ecs/idp", logStreamName=stream, limit=1)
assert [event["message"] for event in tail["events"]] == ["cannot reach the database"]
earlier = logs.get_log_events(
    logGroupName="/ecs/idp", logStreamName=stream, limit=1, nextToken=tail["nextBackwardToken"])
assert [event["message"] for event in earlier["events"]] == ["starting"]
streams = logs.get_paginator("describe_log_streams").paginate(logGroupName="/ecs/idp", logStreamNamePrefix="kc/idp/")
assert stream in [one["logStreamName"] for page in streams for one in page["logStreams"]]
matches = logs.filter_log_events(logGroupName="/ecs/idp", filterPattern='"database"')["events"]
assert matches and all("database" in event["message"] for event in matches)
assert code_of(logs.get_log_events, logGroupName="/none", logStreamName="x") == "ResourceNotFoundException"
logs.create_log_group(logGroupName="/own")
assert code_of(logs.create_log_group, logGroupName="/own") == "ResourceAlreadyExistsException"
logs.create_log_stream(logGroupName="/own", logStreamName="s")
logs.put_log_events(logGroupName="/own", logStreamName="s", logEvents=[{"timestamp": 1_000, "message": "m"}])
assert logs.get_log_events(logGroupName="/own", logStreamName="s")["events"][0]["timestamp"] == 1_000
ok("logs")

# somebody stops it
register("idp", "registry.example/idp:4")
ecs.update_service(cluster=CLUSTER, service="idp", taskDefinition="idp:4")
ours = newest()
assert ecs.stop_service_deployment(serviceDeploymentArn=ours, stopType="ROLLBACK")["serviceDeploymentArn"] == ours
wait(lambda: deployment(ours)["status"], lambda status: status == "ROLLBACK_SUCCESSFUL")
assert deployment(ours)["statusReason"] == "Service deployment rolled back by user."
assert code_of(ecs.stop_service_deployment, serviceDeploymentArn=ours) == "ConflictException"
nothing = ours[:-21] + "A" * 21
assert code_of(ecs.stop_service_deployment, serviceDeploymentArn=nothing) == "ServiceDeploymentNotFoundException"
ok("a deployment that somebody stops")

arn = ecs.list_tasks(cluster=CLUSTER, serviceName="idp")["taskArns"][0]
ecs.stop_task(cluster=CLUSTER, task=arn, reason="a drill")
ecs.get_waiter("tasks_stopped").wait(cluster=CLUSTER, tasks=[arn], WaiterConfig=FAST)
task = ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"][0]
assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "a drill")
assert task["stoppingAt"] < task["executionStoppedAt"] < task["stoppedAt"]
ok("a task that somebody stops")

# a pause
pause = {"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}
ecs.update_service(cluster=CLUSTER, service="idp", deploymentConfiguration={"lifecycleHooks": [pause]})
ecs.update_service(cluster=CLUSTER, service="idp", forceNewDeployment=True)
ours = newest()
wait(lambda: deployment(ours).get("lifecycleHookDetails", [{}])[0].get("status"), lambda s: s == "AWAITING_ACTION")
paused = deployment(ours)
assert paused["lifecycleStage"] == "PRE_SCALE_UP" and paused["targetServiceRevision"]["runningTaskCount"] == 0
hook = paused["lifecycleHookDetails"][0]["hookId"]
if hasattr(ecs, "continue_service_deployment"):
    ecs.continue_service_deployment(serviceDeploymentArn=ours, hookId=hook, action="CONTINUE")
    wait(lambda: deployment(ours)["status"], lambda status: status == "SUCCESSFUL")
    ok("a pause that somebody ends")

# who may not
reader = {
    "aws_access_key_id": os.environ["READER_ACCESS_KEY_ID"],
    "aws_secret_access_key": os.environ["READER_SECRET_ACCESS_KEY"],
    "aws_session_token": os.environ["READER_SESSION_TOKEN"],
}
own = boto3.client("ecs", config=config, **reader)
assert own.describe_services(cluster=CLUSTER, services=["idp"])["services"]
assert own.describe_service_deployments(serviceDeploymentArns=[ours])["serviceDeployments"]
assert own.list_tasks(cluster=CLUSTER, serviceName="idp")["taskArns"]
assert code_of(own.describe_services, cluster=CLUSTER, services=["other"]) == "AccessDeniedException"
assert code_of(own.describe_tasks, cluster=CLUSTER, tasks=[arn]) == "AccessDeniedException"
assert code_of(own.list_tasks, cluster="other") == "AccessDeniedException"
assert code_of(own.list_tasks) == "ClusterNotFoundException", "its container instances are named"
assert code_of(own.stop_service_deployment, serviceDeploymentArn=ours) == "AccessDeniedException"
passes = dict(family="idp", executionRoleArn="arn:aws:iam::123456789012:role/secret")
refused = dict(passes, containerDefinitions=[container("registry.example/idp:5")])
assert code_of(own.register_task_definition, **refused) == "AccessDeniedException"
ok("permissions on services, deployments, tasks and roles")

# the aws CLI
def aws(*arguments):
    told = subprocess.run([CLI, "--region", REGION, "--output", "json", *arguments], check=True, capture_output=True, text=True)
    return json.loads(told.stdout) if told.stdout.strip() else None


told = aws("ecs", "describe-services", "--cluster", CLUSTER, "--services", "idp")
assert told["services"][0]["serviceName"] == "idp"
aws("ecs", "wait", "services-stable", "--cluster", CLUSTER, "--services", "idp")
told = aws("logs", "filter-log-events", "--log-group-name", "/ecs/idp", "--limit", "1")
assert told["events"][0]["message"]
ok("the aws CLI")

# the end
assert code_of(ecs.delete_service, cluster=CLUSTER, service="idp") == "InvalidParameterException"
ecs.delete_service(cluster=CLUSTER, service="idp", force=True)
assert service()["status"] == "DRAINING"
ecs.get_waiter("services_inactive").wait(cluster=CLUSTER, services=["idp"], WaiterConfig=FAST)
assert ecs.list_services(cluster=CLUSTER)["serviceArns"] == []
gone = dict(cluster=CLUSTER, service="idp", desiredCount=1)
assert code_of(ecs.update_service, **gone) == "ServiceNotActiveException"
ok("a service that is deleted")
