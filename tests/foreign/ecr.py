"""ECR of the stand-ins, as boto3 sees it; layers go up and down by plain HTTP, as the API reference tells."""

import base64
import hashlib
import json
import os
import urllib.error
import urllib.request

import boto3
import botocore.exceptions

REGION = os.environ["AWS_REGION"]
OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
ACCOUNT = "123456789012"


def code_of(call):
    """The error code that a call ends with."""
    return refusal(call)["Code"]


def refusal(call):
    try:
        call()
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]
    raise AssertionError("the call was not refused")


def ok(what):
    print("ok", what)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


ecr = boto3.client("ecr", region_name=REGION)

token = ecr.get_authorization_token()["authorizationData"][0]
registry = token["proxyEndpoint"]
assert base64.b64decode(token["authorizationToken"]).startswith(b"AWS:")
hours = (token["expiresAt"].timestamp() - __import__("time").time()) / 3600
assert 11.9 < hours < 12.1, hours
ok("a token for docker login lives for twelve hours")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def http(method, path, body=None, auth=True, **headers):
    url = path if path.startswith("http") else registry + path
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if auth:
        headers["Authorization"] = "Basic " + token["authorizationToken"]
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.build_opener(NoRedirect).open(request) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


# --- repositories

made = ecr.create_repository(repositoryName="team/keycloak", imageTagMutability="IMMUTABLE")["repository"]
assert made["repositoryArn"] == f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/keycloak", made
assert made["repositoryUri"] == registry.removeprefix("http://") + "/team/keycloak", made
assert made["imageTagMutability"] == "IMMUTABLE"
ok("a repository has an ARN and an address")
again = refusal(lambda: ecr.create_repository(repositoryName="team/keycloak"))
assert again["Code"] == "RepositoryAlreadyExistsException", again
assert again["Message"] == (
    f"The repository with name 'team/keycloak' already exists in the registry with id '{ACCOUNT}'"
), again
assert code_of(lambda: ecr.create_repository(repositoryName="Team")) == "InvalidParameterException"
for name in ["one", "two", "three"]:
    ecr.create_repository(repositoryName=name)
mixed = ecr.create_repository(
    repositoryName="mixed",
    imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
    imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "cache*"}],
)["repository"]
assert mixed["imageTagMutabilityExclusionFilters"] == [{"filterType": "WILDCARD", "filter": "cache*"}]
names = []
for page in ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 2}):
    assert len(page["repositories"]) <= 2
    names += [repository["repositoryName"] for repository in page["repositories"]]
assert names == ["mixed", "one", "team/keycloak", "three", "two"], names
ok("repositories come in pages")
missing = refusal(lambda: ecr.describe_repositories(repositoryNames=["absent"]))
assert missing["Code"] == "RepositoryNotFoundException", missing
ok("a repository that is not there is named")


# --- layers: in one piece, in chunks, mounted


def upload(repository, data, chunks=1):
    start = http("POST", f"/v2/{repository}/blobs/uploads/", b"")
    assert start.status == 202, start.body
    where = start.headers["Location"]
    size = -(-len(data) // chunks)
    if chunks > 1:
        for at in range(0, len(data), size):
            piece = data[at : at + size]
            sent = http("PATCH", where, piece, Content_Range=f"{at}-{at + len(piece) - 1}")
            assert sent.status == 202, sent.body
            assert sent.headers["Range"] == f"0-{at + len(piece) - 1}", sent.headers
            where = sent.headers["Location"]
        data_left = b""
    else:
        data_left = data
    done = http("PUT", f"{where}?digest={digest(data)}", data_left)
    assert done.status == 201, done.body
    assert done.headers["Docker-Content-Digest"] == digest(data)
    return {"digest": digest(data), "size": len(data)}


def image(repository, text, **changes):
    """An image of one layer, without a tag: its manifest."""
    layer = upload(repository, text.encode() * 1000, chunks=3)
    config = {"architecture": "arm64", "os": "linux", "config": {"Labels": {"about": text}}}
    config = upload(repository, json.dumps(config).encode())
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", **layer}],
            **changes,
        }
    )


first = image("team/keycloak", "first")
second = image("team/keycloak", "second")
layer = json.loads(first)["layers"][0]["digest"]
ok("layers go up in one piece and in chunks")
start = http("POST", "/v2/team/keycloak/blobs/uploads/", b"").headers["Location"]
assert http("PATCH", start, b"abc", Content_Range="5-7").status == 416
assert http("PUT", f"{start}?digest={digest(b'other')}", b"abc").status == 400
assert http("GET", start).status == 404
ok("a chunk out of order and a wrong digest are refused")

known = ecr.batch_check_layer_availability(
    repositoryName="team/keycloak", layerDigests=[layer, digest(b"absent"), "nonsense"]
)
assert [layer["layerAvailability"] for layer in known["layers"]] == ["AVAILABLE", "UNAVAILABLE"], known
assert [failure["failureCode"] for failure in known["failures"]] == ["InvalidLayerDigest"], known
ok("layers are available or not")
data = b"first" * 1000
url = ecr.get_download_url_for_layer(repositoryName="team/keycloak", layerDigest=layer)["downloadUrl"]
assert http("GET", url, auth=False).body == data
part = http("GET", url, auth=False, Range="bytes=5-9")
assert (part.status, part.body, part.headers["Content-Range"]) == (206, data[5:10], "bytes 5-9/5000")
assert http("GET", url, auth=False, Range="bytes=9999-").status == 416
assert http("GET", url.split("?")[0], auth=False).status == 403
redirected = http("GET", f"/v2/team/keycloak/blobs/{layer}")
assert redirected.status == 307 and "X-Amz-Signature=" in redirected.headers["Location"]
head = http("HEAD", f"/v2/team/keycloak/blobs/{layer}")
assert (head.status, head.headers["Content-Length"]) == (200, "5000")
ok("a layer is downloaded by its signed address, whole or in part")

mount = f"/v2/one/blobs/uploads/?mount={layer}&from=team/keycloak"
assert http("POST", mount, b"").status == 202
ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
assert http("POST", mount, b"").status == 201
assert http("HEAD", f"/v2/one/blobs/{layer}").status == 200
ok("a layer of another repository is mounted once the account allows it")

# --- images


def put(manifest, repository="team/keycloak", **more):
    return ecr.put_image(repositoryName=repository, imageManifest=manifest, **more)["image"]


one, two = digest(first.encode()), digest(second.encode())
assert put(first, imageTag="1.0.0")["imageId"] == {"imageDigest": one, "imageTag": "1.0.0"}
put(second, imageTag="1.1.0")
same = refusal(lambda: put(first, imageTag="1.0.0"))
assert same["Code"] == "ImageAlreadyExistsException", same
taken = refusal(lambda: put(second, imageTag="1.0.0"))
assert taken["Code"] == "ImageTagAlreadyExistsException", taken
assert "already exists in the 'team/keycloak' repository and cannot be overwritten" in taken["Message"], taken
put(first, imageTag="1.0.0-kc26.7.5", imageDigest=one)
ok("an immutable tag stays, and a second one may name the same image")
wrong = refusal(lambda: put(first, imageTag="9", imageDigest=two))
assert wrong["Code"] == "ImageDigestDoesNotMatchException", wrong
hollow = json.loads(first)
hollow["layers"][0]["digest"] = digest(b"absent")
lost = refusal(lambda: put(json.dumps(hollow), imageTag="9"))
assert lost["Code"] == "LayersNotFoundException" and digest(b"absent") in lost["Message"], lost
untyped = json.loads(first)
del untyped["mediaType"]
assert code_of(lambda: put(json.dumps(untyped), imageTag="9")) == "InvalidParameterException"
assert code_of(lambda: put("{", imageTag="9")) == "InvalidParameterException"
assert code_of(lambda: put(first, repository="absent", imageTag="9")) == "RepositoryNotFoundException"
ok("a manifest that is not whole is refused")

listed = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [{"mediaType": OCI, "digest": one, "size": len(first)}],
    }
)
strange = listed.replace(one, digest(b"absent"))
assert code_of(lambda: put(strange, imageTag="9")) == "ReferencedImagesNotFoundException"
put(listed, imageTag="2.0.0")
ok("an index needs its images")

got = ecr.batch_get_image(
    repositoryName="team/keycloak",
    imageIds=[{"imageTag": "1.0.0"}, {"imageDigest": two}, {"imageTag": "absent"}],
    acceptedMediaTypes=[OCI],
)
assert [image["imageManifest"] for image in got["images"]] == [first, second]
assert got["images"][0]["imageId"] == {"imageDigest": one, "imageTag": "1.0.0"}
assert got["failures"] == [
    {
        "imageId": {"imageTag": "absent"},
        "failureCode": "ImageNotFound",
        "failureReason": "Requested image not found",
    }
], got["failures"]
ok("manifests come back byte for byte")

put(image("team/keycloak", "untagged"))
ids = []
for page in ecr.get_paginator("list_images").paginate(
    repositoryName="team/keycloak", filter={"tagStatus": "TAGGED"}, PaginationConfig={"PageSize": 3}
):
    assert len(page["imageIds"]) <= 3
    ids += page["imageIds"]
assert sorted(id["imageTag"] for id in ids) == ["1.0.0", "1.0.0-kc26.7.5", "1.1.0", "2.0.0"], ids
bare = ecr.list_images(repositoryName="team/keycloak", filter={"tagStatus": "UNTAGGED"})["imageIds"]
assert len(bare) == 1 and "imageTag" not in bare[0], bare
ok("images are listed in pages, with and without a tag")
detail = ecr.describe_images(repositoryName="team/keycloak", imageIds=[{"imageTag": "1.0.0"}])["imageDetails"][0]
assert detail["imageDigest"] == one and detail["imageTags"] == ["1.0.0", "1.0.0-kc26.7.5"], detail
sizes = json.loads(first)
assert detail["imageSizeInBytes"] == sizes["config"]["size"] + sizes["layers"][0]["size"], detail
absent = refusal(lambda: ecr.describe_images(repositoryName="team/keycloak", imageIds=[{"imageTag": "9"}]))
assert absent["Code"] == "ImageNotFoundException" and "imageTag:'9'" in absent["Message"], absent
assert len(ecr.describe_images(repositoryName="team/keycloak")["imageDetails"]) == 4
ok("an image is described with its tags and its size")

tags = http("GET", "/v2/team/keycloak/tags/list?n=3")
assert json.loads(tags.body) == {"name": "team/keycloak", "tags": ["1.0.0", "1.0.0-kc26.7.5", "1.1.0"]}
following = tags.headers["Link"].split(";")[0].strip("<>")
assert json.loads(http("GET", following).body)["tags"] == ["2.0.0"]
assert http("GET", "/v2/team/keycloak/manifests/1.1.0").body == second.encode()
ok("the registry says the same of tags and manifests as the API")

taken = http("PUT", "/v2/team/keycloak/manifests/1.0.0", second.encode(), Content_Type=OCI)
assert taken.status == 400, taken.status
error = json.loads(taken.body)["errors"][0]
assert error["code"] == "TAG_INVALID" and "is immutable" in error["message"], error
assert http("PUT", "/v2/team/keycloak/manifests/1.0.0", first.encode(), Content_Type=OCI).status == 201
absent = http("GET", "/v2/team/keycloak/manifests/9")
assert (absent.status, json.loads(absent.body)["errors"][0]["code"]) == (404, "MANIFEST_UNKNOWN")
unknown = http("POST", "/v2/absent/blobs/uploads/", b"")
assert (unknown.status, json.loads(unknown.body)["errors"][0]["code"]) == (404, "NAME_UNKNOWN")
ok("the registry refuses what the API refuses")

for tag, changes in [("cache", True), ("1.0.0", False)]:
    for number in ["one", "two"]:
        manifest = image("mixed", number)
        if number == "one" or changes:
            put(manifest, repository="mixed", imageTag=tag)
        else:
            code = code_of(lambda: put(manifest, repository="mixed", imageTag=tag))
            assert code == "ImageTagAlreadyExistsException", code
ok("an exclusion from immutability lets its tags move")

gone = ecr.batch_delete_image(repositoryName="team/keycloak", imageIds=[{"imageTag": "1.0.0-kc26.7.5"}])
assert gone["imageIds"] == [{"imageDigest": one, "imageTag": "1.0.0-kc26.7.5"}], gone
kept = ecr.batch_delete_image(repositoryName="team/keycloak", imageIds=[{"imageDigest": one}, {"imageTag": "x"}])
codes = [failure["failureCode"] for failure in kept["failures"]]
assert codes == ["ImageReferencedByManifestList", "ImageNotFound"], kept
ecr.batch_delete_image(repositoryName="team/keycloak", imageIds=[{"imageTag": "1.1.0"}])
assert http("GET", f"/v2/team/keycloak/manifests/{two}").status == 404
ok("the last tag takes its image along")

# --- who may

anonymous = http("GET", "/v2/", auth=False)
assert anonymous.status == 401 and anonymous.body == b"Not Authorized\n"
assert anonymous.headers["Www-Authenticate"].startswith("Basic realm="), anonymous.headers
assert http("GET", "/v2/").status == 200
ok("the registry wants a password")
reader = boto3.client(
    "ecr",
    region_name=REGION,
    aws_access_key_id=os.environ["READER_ACCESS_KEY_ID"],
    aws_secret_access_key=os.environ["READER_SECRET_ACCESS_KEY"],
    aws_session_token=os.environ["READER_SESSION_TOKEN"],
)
assert reader.batch_get_image(repositoryName="team/keycloak", imageIds=[{"imageTag": "1.0.0"}])["images"]
denied = refusal(lambda: reader.put_image(repositoryName="team/keycloak", imageManifest=first, imageTag="9"))
assert denied["Code"] == "AccessDeniedException", denied
assert f"ecr:PutImage on resource: arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/keycloak" in denied["Message"]
assert code_of(lambda: reader.list_images(repositoryName="one")) == "AccessDeniedException"
token = reader.get_authorization_token()["authorizationData"][0]
assert http("GET", "/v2/team/keycloak/manifests/1.0.0").status == 200
denied = http("POST", "/v2/team/keycloak/blobs/uploads/", b"")
assert denied.status == 403, denied.status
error = json.loads(denied.body)["errors"][0]
assert error["code"] == "DENIED" and "ecr:InitiateLayerUpload" in error["message"], error
ok("a role does what its policy allows, by the API and by the registry")
