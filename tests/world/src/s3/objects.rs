//! Operations on objects.

use super::payload::Payload;
use super::request::{Operation, Request, decode};
use super::server::{Access, Answer, no_such_bucket};
use super::xml::{document, element, iso_time, texts};
use super::{Object, xml};
use crate::aws::ApiError;
use crate::clock::http_date;

pub(super) fn answer(access: &Access<'_>, payload: Payload) -> Result<Answer, ApiError> {
    let request = access.request;
    match request.operation {
        Operation::DeleteObjects => return delete_many(access, &payload),
        Operation::CopyObject => return copy(access),
        _ => {}
    }
    let action = request.operation.action();
    access.check(action, &arn(&request.bucket, &request.key))?;
    let s3 = &access.world.s3;
    match request.operation {
        Operation::PutObject => {
            let mut object = Object::new(payload.body, access.world.clock.unix());
            object.metadata = request.metadata();
            object.checksum = payload.checksum;
            if let Some(content_type) = request.header("content-type") {
                content_type.clone_into(&mut object.content_type);
            }
            let answer = checksum_header(Answer::empty(200), &object).with("etag", etag(&object));
            if s3.store(&request.bucket, &request.key, object) {
                Ok(answer)
            } else {
                Err(no_such_bucket())
            }
        }
        Operation::DeleteObject => {
            s3.delete(&request.bucket, &request.key);
            Ok(Answer::empty(204))
        }
        _ => {
            let object = find(access, &request.bucket, &request.key)?;
            Ok(whole(request, &object))
        }
    }
}

/// The object; a caller who may not list the bucket does not learn that it is not there.
fn find(access: &Access<'_>, bucket: &str, key: &str) -> Result<Object, ApiError> {
    if let Some(object) = access.world.s3.get(bucket, key) {
        return Ok(object);
    }
    access.check("s3:ListBucket", &format!("arn:aws:s3:::{bucket}"))?;
    Err(ApiError::new(
        404,
        "NoSuchKey",
        "The specified key does not exist.",
    ))
}

/// The answer to GET; hyper leaves the body of an answer to HEAD out, and keeps its length.
fn whole(request: &Request<'_>, object: &Object) -> Answer {
    let mut answer = Answer::empty(200)
        .with("content-type", &object.content_type)
        .with("etag", etag(object))
        .with("last-modified", http_date(object.modified))
        .with("accept-ranges", "bytes")
        .with("x-amz-server-side-encryption", "AES256");
    for (name, value) in &object.metadata {
        answer = answer.with(name, value);
    }
    if request.header("x-amz-checksum-mode").is_some() {
        answer = checksum_header(answer, object);
    }
    answer.body = object.body.clone();
    answer
}

fn checksum_header(answer: Answer, object: &Object) -> Answer {
    match &object.checksum {
        Some((name, value)) => answer
            .with(name, value)
            .with("x-amz-checksum-type", "FULL_OBJECT"),
        None => answer,
    }
}

fn delete_many(access: &Access<'_>, payload: &Payload) -> Result<Answer, ApiError> {
    let request = access.request;
    let text = String::from_utf8_lossy(&payload.body);
    let keys = texts(&text, "Key");
    if keys.is_empty() || keys.len() > 1000 {
        return Err(ApiError::new(
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ));
    }
    let quiet = texts(&text, "Quiet") == ["true"];
    let mut inner = String::new();
    for key in keys {
        match access.check("s3:DeleteObject", &arn(&request.bucket, &key)) {
            Ok(()) => {
                access.world.s3.delete(&request.bucket, &key);
                if !quiet {
                    inner += &format!("<Deleted>{}</Deleted>", element("Key", &key));
                }
            }
            Err(error) => {
                let fields = element("Key", &key)
                    + &element("Code", &error.code)
                    + &element("Message", &error.message);
                inner += &format!("<Error>{fields}</Error>");
            }
        }
    }
    Ok(Answer::xml(document("DeleteResult", &inner)))
}

fn copy(access: &Access<'_>) -> Result<Answer, ApiError> {
    let request = access.request;
    let source = decode(request.header("x-amz-copy-source").unwrap_or(""));
    let (bucket, key) = source
        .trim_start_matches('/')
        .split_once('/')
        .ok_or_else(|| {
            ApiError::new(
                400,
                "InvalidArgument",
                "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            )
        })?;
    if !access.world.s3.has_bucket(bucket) {
        return Err(no_such_bucket());
    }
    access.check("s3:GetObject", &arn(bucket, key))?;
    access.check("s3:PutObject", &arn(&request.bucket, &request.key))?;
    let mut object = find(access, bucket, key)?;
    let replaces = request.header("x-amz-metadata-directive") == Some("REPLACE");
    if replaces {
        object.metadata = request.metadata();
    } else if (bucket, key) == (request.bucket.as_str(), request.key.as_str()) {
        return Err(ApiError::new(
            400,
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's \
             metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    object.modified = access.world.clock.unix();
    let inner =
        element("LastModified", &iso_time(object.modified)) + &element("ETag", &etag(&object));
    if !access.world.s3.store(&request.bucket, &request.key, object) {
        return Err(no_such_bucket());
    }
    Ok(Answer::xml(xml::document("CopyObjectResult", &inner)))
}

fn etag(object: &Object) -> String {
    format!("\"{}\"", object.etag)
}

fn arn(bucket: &str, key: &str) -> String {
    format!("arn:aws:s3:::{bucket}/{key}")
}
