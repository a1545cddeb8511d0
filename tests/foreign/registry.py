"""The registry of the stand-ins, as buildah and skopeo see it."""

import json
import os
import pathlib
import subprocess
import tempfile

import boto3

ecr = boto3.client("ecr", region_name=os.environ["AWS_REGION"])
folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ["SCRATCH"]))
authorization = ecr.get_authorization_token()["authorizationData"][0]
registry = authorization["proxyEndpoint"].removeprefix("http://")
auth = folder / "auth.json"
auth.write_text(json.dumps({"auths": {registry: {"auth": authorization["authorizationToken"]}}}))
nobody = folder / "nobody.json"
nobody.write_text(json.dumps({"auths": {}}))
storage = folder / "storage.conf"
storage.write_text(f'[storage]\ndriver = "vfs"\ngraphroot = "{folder}/graph"\nrunroot = "{folder}/run"\n')
environment = {**os.environ, "CONTAINERS_STORAGE_CONF": str(storage), "REGISTRY_AUTH_FILE": str(auth)}


def run(*command, auth_file=auth, fails=False):
    ended = subprocess.run(
        command, env={**environment, "REGISTRY_AUTH_FILE": str(auth_file)}, capture_output=True, text=True
    )
    if fails:
        assert ended.returncode != 0, command
        return ended.stderr
    assert ended.returncode == 0, (command, ended.stdout, ended.stderr)
    return ended.stdout


def ok(what):
    print("ok", what)


def build(text, label):
    (folder / "file").write_text(text)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY file /file\n")
    run("buildah", "bud", "--quiet", "--label", f"label={label}", "--tag", "localhost/scratch", str(folder))


def push(where, **more):
    return run(
        "buildah", "push", "--tls-verify=false", "--digestfile", str(folder / "digest"),
        "localhost/scratch", f"docker://{registry}/{where}", **more,
    )


def inspect(where):
    return json.loads(run("skopeo", "inspect", "--tls-verify=false", f"docker://{registry}/{where}"))


ecr.create_repository(repositoryName="keycloak", imageTagMutability="IMMUTABLE")
ecr.create_repository(repositoryName="staging/keycloak")
build("one", "first")
push("keycloak:1.0.0")
pushed = (folder / "digest").read_text().strip()
seen = inspect("keycloak:1.0.0")
assert seen["Digest"] == pushed, (seen, pushed)
assert seen["Labels"]["label"] == "first", seen
assert seen["RepoTags"] == ["1.0.0"], seen
assert inspect(f"keycloak@{pushed}")["Digest"] == pushed
ok("buildah pushes, skopeo inspects by tag and by digest")
push("keycloak:1.0.0")
ok("the same image is pushed again without a complaint")
build("two", "second")
refused = push("keycloak:1.0.0", fails=True)
assert "already exists in the 'keycloak' repository and cannot be overwritten" in refused, refused
assert inspect("keycloak:1.0.0")["Digest"] == pushed
ok("another image does not move an immutable tag")
push("staging/keycloak:latest")
build("three", "third")
push("staging/keycloak:latest")
assert inspect("staging/keycloak:latest")["Labels"]["label"] == "third"
ok("a mutable tag moves")

run(
    "skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--preserve-digests",
    f"docker://{registry}/keycloak:1.0.0", f"docker://{registry}/staging/keycloak:1.0.0",
)
assert inspect("staging/keycloak:1.0.0")["Digest"] == pushed
run("skopeo", "copy", "--src-tls-verify=false", f"docker://{registry}/keycloak:1.0.0", f"oci:{folder}/layout:x")
assert (folder / "layout" / "blobs" / "sha256" / pushed.removeprefix("sha256:")).exists()
ok("skopeo copies between repositories and to a folder, and the digest stays")
run("buildah", "pull", "--tls-verify=false", f"docker://{registry}/keycloak@{pushed}")
ok("buildah pulls by digest")

absent = push("absent:1.0.0", fails=True)
assert "does not exist in the registry with id '123456789012'" in absent, absent
ok("a repository that is not there is named")
anonymous = push("staging/keycloak:2", auth_file=nobody, fails=True)
assert "no basic auth credentials" in anonymous or "authentication required" in anonymous, anonymous
ok("without a password nothing is pushed")
missing = run("skopeo", "inspect", "--tls-verify=false", f"docker://{registry}/keycloak:9", fails=True)
assert "manifest unknown" in missing, missing
ok("a tag that is not there is unknown")
