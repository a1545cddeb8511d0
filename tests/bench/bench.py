#!/usr/bin/env python3
"""What our binaries cost beside what people would use instead, as ratios measured in one run.

    bench.py BINARIES [CASE...]      cases: start login edit fetch jars build propose deploy (default: all)

Wall time, CPU time and peak memory are the medians of several runs, one after the other and taking turns, each in a process
of its own. The stand-ins for AWS and GitHub run beside them (`world`, a debug build). Figures of one machine under whatever
load it has: only the ratios mean anything.
"""

import atexit
import functools
import json
import os
import pathlib
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUNS = 9


class World:
    """The stand-ins, as a process of their own."""

    def __init__(self, folder, scale=1):
        program = ROOT / "target/debug/world"
        self.process = subprocess.Popen(
            [program, "--root", folder, "--time-scale", str(scale)], stdout=subprocess.PIPE, text=True
        )
        self.told = json.loads(self.process.stdout.readline())

    def environment(self):
        """A job that the role `deploy` trusts."""
        return {
            "PATH": os.environ["PATH"],
            "GITHUB_ENV": os.devnull,
            "AWS_ENDPOINT_URL": self.told["aws"],
            "AWS_REGION": self.told["region"],
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "GITHUB_API_URL": self.told["github"] + "/api",
            "ACTIONS_ID_TOKEN_REQUEST_URL": self.told["id_token_url"],
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.told["id_token_token"],
        }

    def stop(self):
        """Ends the stand-ins; the number of requests to each operation."""
        self.process.send_signal(signal.SIGINT)
        requests = json.loads(self.process.stdout.readline())["requests"]
        self.process.wait()
        return requests


@functools.cache
def meter():
    """The program that measures a command; compiled once."""
    program = pathlib.Path(tempfile.mkdtemp()) / "rusage"
    atexit.register(shutil.rmtree, program.parent)
    subprocess.run(["cc", "-O2", "-o", program, ROOT / "tests/bench/rusage.c"], check=True)
    return program


def once(command, environment, folder, code=0):
    """Wall seconds, CPU seconds and peak memory (MiB) of one process; it must end with `code`."""
    told, tell = os.pipe()
    started = time.monotonic()
    process = subprocess.Popen(
        [meter(), str(tell), *command],
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[tell],
    )
    said = process.stderr.read()
    process.wait()
    wall = time.monotonic() - started
    os.close(tell)
    with os.fdopen(told) as pipe:
        cpu, memory, ended = map(int, pipe.read().split())
    if ended != code:
        sys.exit(f"{command} ended with {ended}: {said.decode()[-2000:]}")
    return wall, cpu / 1e6, memory / 1024


def compare(title, subjects, runs=RUNS):
    """A table with the medians of each subject, and how many times more than the first it needs."""
    figures = {name: [] for name, *_ in subjects}
    for _ in range(runs):
        for name, command, environment, prepare, *code in subjects:
            with tempfile.TemporaryDirectory() as folder:
                if prepare:
                    prepare(pathlib.Path(folder))
                figures[name].append(once(command, environment, folder, *code))
    print(f"\n### {title}\n\n| subject | wall ms | CPU ms | MiB | wall, times ours | CPU, times ours |")
    print("|---|---:|---:|---:|---:|---:|")
    first = None
    for name, runs_of in figures.items():
        wall, cpu, memory = (statistics.median(column) for column in zip(*runs_of))
        first = first or (wall, max(cpu, 0.001))
        print(
            f"| {name} | {wall * 1000:.1f} | {cpu * 1000:.1f} | {memory:.1f} "
            f"| {wall / first[0]:.1f} | {cpu / first[1]:.1f} |"
        )


def start(binaries):
    names = sorted(path.stem for path in (ROOT / "src/bin").glob("*.rs"))
    environment = {"PATH": os.environ["PATH"]}
    subjects = [(name, [binaries / name, "--version"], environment, None) for name in names]
    subjects.append(("aws --version", ["aws", "--version"], environment, None))
    subjects.append(("node --version", ["node", "--version"], environment, None))
    compare("Start", subjects)


def login(binaries):
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder)
        try:
            ours = world.environment() | {"KECS_ROLE_TO_ASSUME": world.told["role"]}
            registry = ours | {"KECS_ECR_LOGIN": "true", "RUNNER_TEMP": folder}
            request = urllib.request.Request(
                world.told["id_token_url"] + "&audience=sts.amazonaws.com",
                headers={"Authorization": "bearer " + world.told["id_token_token"]},
            )
            token = json.load(urllib.request.urlopen(request))["value"]
            cli = ["aws", "sts", "assume-role-with-web-identity", "--role-arn", world.told["role"]]
            cli += ["--role-session-name", "bench", "--web-identity-token", token]
            compare(
                "Login: OIDC token to credentials (the aws CLI gets its token for nothing)",
                [
                    ("aws-login", [binaries / "aws-login"], ours, None),
                    ("aws-login with ecr-login", [binaries / "aws-login"], registry, None),
                    ("aws sts assume-role-with-web-identity", cli, world.environment(), None),
                ],
            )
        finally:
            world.stop()
    for title, more in [("aws-login", {}), ("aws-login with ecr-login", {"KECS_ECR_LOGIN": "true"})]:
        with tempfile.TemporaryDirectory() as folder:
            world = World(folder)
            environment = world.environment() | {"KECS_ROLE_TO_ASSUME": world.told["role"], "RUNNER_TEMP": folder}
            once([binaries / "aws-login"], environment | more, folder)
            requests = world.stop()
            print(f"\nRequests of {title}: {sum(requests.values())} ({', '.join(requests)})")
    size = (binaries / "aws-login").stat().st_size
    print(f"\nThe executable: {size / 1e6:.1f} MB, unpacked")


def edit(binaries):
    text = (ROOT / "terraform/environments/production/image.auto.tfvars").read_text()
    ours = [binaries / "update-tfvar", "--local", "true", "--file", "image.auto.tfvars"]
    ours += ["--variables", "keycloak_image_tag=1.2.3"]
    sed = ["sed", "-i", 's/^keycloak_image_tag .*/keycloak_image_tag    = "1.2.3"/', "image.auto.tfvars"]

    def prepare(folder):
        (folder / "image.auto.tfvars").write_text(text)

    environment = {"PATH": os.environ["PATH"]}
    subjects = [("update-tfvar", ours, environment, prepare), ("sed", sed, environment, prepare)]
    if shutil.which("hcledit"):
        hcledit = ["hcledit", "attribute", "set", "keycloak_image_tag", '"1.2.3"', "-f", "image.auto.tfvars", "-u"]
        subjects.insert(1, ("hcledit", hcledit, environment, prepare))
    compare("Set a Terraform variable", subjects)


FETCHED = ["org.jgroups.aws:jgroups-aws:4.0.0.Final", "org.checkerframework:checker-qual:3.49.3"]


def fetch(binaries):
    """50 jars from Maven Central. Maven's own plugins are in its local repository already, nothing of the jars is."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "HTTPS_PROXY", "SSL_CERT_FILE") if name in os.environ}
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        own = work / "keycloak/lib/own.jar"
        own.parent.mkdir(parents=True)
        with zipfile.ZipFile(own, "w") as jar:
            jar.writestr("org/keycloak/Own.class", small_class("org/keycloak/Own"))
        wishes = "".join(f"  - {coordinates}\n" for coordinates in FETCHED)
        (work / "providers.yml").write_text(f"resolve:\n{wishes}")
        files = ["--manifest", work / "providers.yml", "--lock", work / "providers.lock"]
        lock = [binaries / "verify-providers", "--operation", "lock", "--keycloak-version", "0", *files]
        once([*lock, "--keycloak-home", work / "keycloak"], environment, work)
        jars = (work / "providers.lock").read_text().count("- file: ")

        warm = work / "warm"
        maven = ["mvn", "--batch-mode", "--quiet", "dependency:copy-dependencies", "-DincludeScope=runtime"]
        small = work / "small"
        small.mkdir()
        (small / "pom.xml").write_text(pom(["org.slf4j:slf4j-api:2.0.17"]))
        once([*maven, f"-Dmaven.repo.local={warm}"], environment, small)
        shutil.rmtree(warm / "org/slf4j/slf4j-api")

        def prepare(folder):
            shutil.copytree(warm, folder / "repository")
            (folder / "pom.xml").write_text(pom(FETCHED))

        ours = [binaries / "verify-providers", "--operation", "fetch", *files]
        compare(
            f"Fetch {jars} jars from Maven Central",
            [
                ("verify-providers --operation fetch", [*ours, "--providers-dir", "providers"], environment, None),
                ("mvn dependency:copy-dependencies", [*maven, "-Dmaven.repo.local=repository"], environment, prepare),
            ],
            runs=3,
        )


def small_class(name):
    """A class file without members (JVMS 4.1)."""
    text = lambda value: b"\1" + struct.pack(">H", len(value)) + value.encode()
    pool = text(name) + b"\7\0\1" + text("java/lang/Object") + b"\7\0\3"
    return b"\xca\xfe\xba\xbe" + struct.pack(">HHH", 0, 61, 5) + pool + struct.pack(">HHHHHHH", 0x21, 2, 4, 0, 0, 0, 0)


def pom(dependencies):
    entries = ""
    for coordinates in dependencies:
        group, artifact, version = coordinates.split(":")
        entries += f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>"
    names = "<groupId>x</groupId><artifactId>x</artifactId><version>1</version>"
    return f"<project><modelVersion>4.0.0</modelVersion>{names}<dependencies>{entries}</dependencies></project>"


def jars(binaries):
    """The 49 jars that Maven resolves for S3_PING, 17 MB; 17 of them shadow Keycloak's own, so it ends with 3."""
    with tempfile.TemporaryDirectory() as resolved:
        (pathlib.Path(resolved) / "pom.xml").write_text(pom(FETCHED[:1]))
        copy = ["mvn", "-B", "-q", "-f", f"{resolved}/pom.xml", "dependency:copy-dependencies", "-DincludeScope=runtime"]
        subprocess.run([*copy, f"-DoutputDirectory={resolved}/jars"], check=True)
        ours = [binaries / "verify-providers", "--providers-dir", f"{resolved}/jars"]
        ours += ["--manifest", ROOT / "docker/providers.yml", "--lock", ROOT / "docker/providers.lock"]
        environment = {"PATH": os.environ["PATH"], "GITHUB_ACTION_PATH": str(ROOT / "actions/verify-providers")}
        zips = [["sh", "-c", f"for jar in {resolved}/jars/*.jar; do unzip -tq $jar; done"], environment, None]
        subjects = [("verify-providers", ours, environment, None, 3), ("unzip -t of each jar", *zips)]
        compare("Verify 49 jars, 17 MB, with linkage", subjects)


def build(binaries):
    """A small image: what comes on top of the builder, and a build of what is in the registry already."""
    import boto3

    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        (work / "docker/themes/acme").mkdir(parents=True)
        (work / "docker/themes/acme/theme.properties").write_text("parent=keycloak.v2\n")
        (work / "docker/Dockerfile").write_text("ARG KEYCLOAK_VERSION=26.7.5\nFROM scratch\nCOPY themes/ /themes/\n")
        storage = f'[storage]\ndriver = "vfs"\ngraphroot = "{work}/graph"\nrunroot = "{work}/run"\n'
        (work / "storage.conf").write_text(storage)
        world = World(work / "world")
        try:
            keys = {
                "aws_access_key_id": world.told["access_key"],
                "aws_secret_access_key": world.told["secret_key"],
                "aws_session_token": world.told["session_token"],
            }
            ecr = boto3.client("ecr", endpoint_url=world.told["aws"], region_name=world.told["region"], **keys)
            ecr.create_repository(repositoryName="keycloak")
            environment = {name.upper(): value for name, value in keys.items()} | {
                "PATH": os.environ["PATH"],
                "HOME": folder,
                "AWS_ENDPOINT_URL": world.told["aws"],
                "AWS_REGION": world.told["region"],
                "CONTAINERS_STORAGE_CONF": str(work / "storage.conf"),
                "BUILDAH_ISOLATION": "chroot",
                "KECS_BUILDER": "buildah",
                "KECS_CONTEXT": str(work / "docker"),
            }
            ours = [binaries / "build-image"]
            once([*ours, "--tag", "1.0.0"], environment, folder)
            bare = ["buildah", "build", "--tag", "localhost/keycloak:bare", str(work / "docker")]
            compare(
                "Build a small image",
                [
                    ("build-image, when the registry has it", [*ours, "--tag", "1.0.0"], environment, None),
                    ("build-image --push=false", [*ours, "--push=false"], environment, None),
                    ("buildah build", bare, environment, None),
                ],
                runs=5,
            )
        finally:
            world.stop()


def propose(binaries):
    """Calls of GitHub's API and time of a pull request that is opened, renewed, and left as it is."""
    import base64

    path = "terraform/environments/production/image.auto.tfvars"
    text = (ROOT / path).read_text()
    calls, times = {}, {}
    for _ in range(3):
        # Calls are counted when the stand-ins end: those of a shorter story are taken off.
        told = []
        for story in (["opened"], ["opened", "renewed"], ["opened", "renewed", "left as it is"]):
            with tempfile.TemporaryDirectory() as folder:
                world = World(folder)
                api = world.told["github"] + "/api"
                body = {"message": "x", "content": base64.b64encode(text.encode()).decode(), "branch": "main"}
                request = urllib.request.Request(
                    f"{api}/repos/acme/idp/contents/{path}",
                    data=json.dumps(body).encode(),
                    method="PUT",
                    headers={"Authorization": "Bearer " + world.told["github_token"]},
                )
                urllib.request.urlopen(request).read()
                environment = {
                    "PATH": os.environ["PATH"],
                    "GITHUB_ACTIONS": "true",
                    "GITHUB_API_URL": api,
                    "GITHUB_GRAPHQL_URL": api + "/graphql",
                    "GITHUB_REPOSITORY": "acme/idp",
                    "KECS_TOKEN": world.told["github_token"],
                    "KECS_FILE": path,
                }
                for step in story:
                    tag = {"opened": "1.0.0", "renewed": "1.1.0", "left as it is": "1.1.0"}[step]
                    variables = {"KECS_VARIABLES": f"keycloak_image_tag={tag}"}
                    wall, _, memory = once([binaries / "update-tfvar"], environment | variables, folder)
                    times.setdefault(step, []).append((wall, memory))
                requests = world.stop()
                told.append(sum(count for name, count in requests.items() if name.startswith("github ")))
        for at, step in enumerate(("opened", "renewed", "left as it is")):
            calls[step] = told[at] - (told[at - 1] if at else 1)
    print("\n### A pull request\n\n| | calls | wall ms | MiB |\n|---|---:|---:|---:|")
    for step, figures in times.items():
        wall, memory = (statistics.median(column) for column in zip(*figures))
        print(f"| {step} | {calls[step]} | {wall * 1000:.0f} | {memory:.1f} |")


# More at once would meet the limit of ECS, 20 calls a second, which the stand-in keeps too.
WAITS = 25
WAVES = 2
SOAK_SCALE = 60
SOAK_SECONDS = 3 * 3600


def deploy(binaries):
    """How long deploy-service takes to notice, beside how often it asks. Time is real, and then 60 times as fast."""
    import boto3
    import botocore.config

    def cluster(world, names, **settings):
        environment = world.environment() | {
            "AWS_ACCESS_KEY_ID": world.told["access_key"],
            "AWS_SECRET_ACCESS_KEY": world.told["secret_key"],
            "AWS_SESSION_TOKEN": world.told["session_token"],
            "KECS_CLUSTER": "bench",
        }
        ecs = boto3.client(
            "ecs",
            endpoint_url=world.told["aws"],
            region_name=world.told["region"],
            aws_access_key_id=world.told["access_key"],
            aws_secret_access_key=world.told["secret_key"],
            aws_session_token=world.told["session_token"],
            config=botocore.config.Config(retries={"max_attempts": 8, "mode": "standard"}),
        )
        ecs.create_cluster(clusterName="bench")
        container = {"name": "keycloak", "image": "r.example/keycloak:1.0.0", "essential": True}
        for name in names:
            task = ecs.register_task_definition(
                family=name, cpu="1024", memory="2048", networkMode="awsvpc", containerDefinitions=[container]
            )
            ecs.create_service(
                cluster="bench",
                serviceName=name,
                taskDefinition=task["taskDefinition"]["taskDefinitionArn"],
                desiredCount=1,
                deploymentConfiguration={"maximumPercent": 200, "minimumHealthyPercent": 100} | settings,
                networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
            )
        return ecs, environment

    def completed(ecs, names):
        """Names of the services whose newest deployment is over."""
        over = set()
        for at in range(0, len(names), 10):
            for service in ecs.describe_services(cluster="bench", services=names[at : at + 10])["services"]:
                primary = next(one for one in service["deployments"] if one["status"] == "PRIMARY")
                if primary["rolloutState"] == "COMPLETED" and len(service["deployments"]) == 1:
                    over.add(service["serviceName"])
        return over

    with tempfile.TemporaryDirectory() as folder:
        world = World(folder)
        try:
            names = [f"keycloak-{number}" for number in range(WAITS)]
            ecs, environment = cluster(world, names)
            while len(completed(ecs, names)) < WAITS:
                time.sleep(1)
            delays, reports = [], []
            for _ in range(WAVES):
                waits = {}
                for name in names:
                    ecs.update_service(cluster="bench", service=name, forceNewDeployment=True)
                    waits[name] = subprocess.Popen(
                        [binaries / "deploy-service", "--service", name, "--json"],
                        env=environment,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                        text=True,
                    )
                ended = {}
                while len(ended) < WAITS:
                    ended |= {name: time.time() for name in names if name not in ended and waits[name].poll() is not None}
                    time.sleep(0.02)
                for name in names:
                    report = json.loads(waits[name].stdout.read())["report"]
                    reports.append(report)
                    newest = ecs.list_service_deployments(cluster="bench", service=name)["serviceDeployments"][0]
                    delays.append(ended[name] - newest["finishedAt"].timestamp())
            calls = [report["calls"] / report["duration-seconds"] * 60 for report in reports]
            print(
                f"\n### {WAVES * WAITS} deployments, {WAITS} waits at once\n\n"
                f"From the end of the deployment to that of the process: median {statistics.median(delays):.1f} s, "
                f"at most {max(delays):.1f} s. Calls a minute: median {statistics.median(calls):.0f}, at most {max(calls):.0f}."
            )
        finally:
            world.stop()
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder, SOAK_SCALE)
        try:
            pause = {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}
            ecs, environment = cluster(world, ["keycloak"])
            while not completed(ecs, ["keycloak"]):
                time.sleep(0.2)
            ecs.update_service(cluster="bench", service="keycloak", deploymentConfiguration={"lifecycleHooks": [pause]})
            ecs.update_service(cluster="bench", service="keycloak", forceNewDeployment=True)
            scaled = environment | {"KECS_SERVICE": "keycloak", "KECS_TIME_SCALE": str(SOAK_SCALE)}
            print("\n### Wait for a deployment that is paused\n\n| simulated hours | MiB |\n|---:|---:|")
            for seconds in (SOAK_SECONDS // 12, SOAK_SECONDS):
                command = [binaries / "deploy-service", "--timeout-seconds", str(seconds)]
                wall, cpu, memory = once(command, scaled, folder, 5)
                print(f"| {seconds / 3600:.2f} | {memory:.1f} |")
        finally:
            world.stop()


CASES = {"start": start, "login": login, "edit": edit, "fetch": fetch, "jars": jars, "build": build, "propose": propose, "deploy": deploy}

if __name__ == "__main__":
    binaries = pathlib.Path(sys.argv[1]).resolve()
    for case in sys.argv[2:] or CASES:
        if case not in CASES:
            sys.exit(f"bench: unknown case {case}; known: {' '.join(CASES)}")
        CASES[case](binaries)
