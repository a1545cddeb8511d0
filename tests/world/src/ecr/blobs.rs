//! The OCI distribution API: layers and configurations. Uploads in one piece, in chunks, or mounted from another
//! repository; downloads through a pre-signed address, whole or in part, as ECR sends them to S3.

use std::io::SeekFrom;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, header};
use http_body_util::BodyExt as _;
use sha2::Digest as _;
use tokio::io::{AsyncRead, AsyncSeekExt as _, AsyncWriteExt as _, ReadBuf};

use super::manifest::is_digest;
use super::registry::{Refusal, Reply, Route, authorize, respond};
use super::store::Upload;
use crate::World;
use crate::iam::Principal;

/// Bytes of a blob that are read at a time.
const PIECE: usize = 256 * 1024;

fn unknown_upload() -> Refusal {
    Refusal::new(
        404,
        "BLOB_UPLOAD_UNKNOWN",
        "blob upload unknown to registry",
    )
}

fn query(request: &Request<Body>, wanted: &str) -> Option<String> {
    let pairs = request
        .uri()
        .query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(name, _)| *name == wanted)?;
    let text = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
    Some(text.into_owned())
}

pub(super) async fn serve(
    world: &World,
    caller: &Principal,
    route: Route<'_>,
    request: Request<Body>,
) -> Result<Reply, Refusal> {
    let method = request.method().clone();
    match route {
        Route::Blob(name, digest) if method == Method::HEAD => {
            authorize(world, caller, "BatchCheckLayerAvailability", name)?;
            let size = existing(world, name, digest)?.to_string();
            let headers = [
                ("content-length", size.as_str()),
                ("content-type", "application/octet-stream"),
                ("docker-content-digest", digest),
            ];
            Ok(respond(200, &headers, Body::empty()))
        }
        Route::Blob(name, digest) if method == Method::GET => {
            authorize(world, caller, "GetDownloadUrlForLayer", name)?;
            existing(world, name, digest)?;
            let location = world.ecr.store.download_url(name, digest);
            Ok(respond(307, &[("location", &location)], Body::empty()))
        }
        Route::NewUpload(name) if method == Method::POST => start(world, caller, name, &request),
        Route::Upload(name, id) if method == Method::GET => {
            authorize(world, caller, "UploadLayerPart", name)?;
            let upload = world
                .ecr
                .store
                .take_upload(name, id)
                .ok_or_else(unknown_upload)?;
            let received = upload.size;
            world.ecr.store.put_upload(id, upload);
            Ok(accepted(204, name, id, received))
        }
        Route::Upload(name, id) if method == Method::PATCH => {
            authorize(world, caller, "UploadLayerPart", name)?;
            let upload = receive(world, name, id, request).await?;
            let received = upload.size;
            world.ecr.store.put_upload(id, upload);
            Ok(accepted(202, name, id, received))
        }
        Route::Upload(name, id) if method == Method::PUT => {
            finish(world, caller, name, id, request).await
        }
        _ => Err(Refusal::new(
            405,
            "UNSUPPORTED",
            "The operation is unsupported.",
        )),
    }
}

/// Bytes of a blob that is there.
fn existing(world: &World, name: &str, digest: &str) -> Result<u64, Refusal> {
    let size = world
        .ecr
        .store
        .blob_size(name, digest)?
        .filter(|_| is_digest(digest));
    size.ok_or_else(|| Refusal::new(404, "BLOB_UNKNOWN", "blob unknown to registry"))
}

fn accepted(status: u16, name: &str, id: &str, received: u64) -> Reply {
    let location = format!("/v2/{name}/blobs/uploads/{id}");
    let range = format!("0-{}", received.saturating_sub(1));
    respond(
        status,
        &[
            ("location", &location),
            ("range", &range),
            ("docker-upload-uuid", id),
        ],
        Body::empty(),
    )
}

/// Mounts the blob if the client names another repository that has it and the account lets it; else an upload starts.
fn start(
    world: &World,
    caller: &Principal,
    name: &str,
    request: &Request<Body>,
) -> Result<Reply, Refusal> {
    authorize(world, caller, "InitiateLayerUpload", name)?;
    if let (Some(digest), Some(from)) = (query(request, "mount"), query(request, "from")) {
        let store = &world.ecr.store;
        let readable = authorize(world, caller, "GetDownloadUrlForLayer", &from).is_ok();
        if store.blob_mounting() && readable && existing(world, &from, &digest).is_ok() {
            store.read(name, |_| ())?;
            store.add_blob(name, &digest);
            return Ok(created(name, &digest));
        }
    }
    let id = world.ecr.store.start_upload(name)?;
    Ok(accepted(202, name, &id, 0))
}

fn created(name: &str, digest: &str) -> Reply {
    let location = format!("/v2/{name}/blobs/{digest}");
    respond(
        201,
        &[("location", &location), ("docker-content-digest", digest)],
        Body::empty(),
    )
}

/// Takes the body of the request to the end of the upload.
async fn receive(
    world: &World,
    name: &str,
    id: &str,
    request: Request<Body>,
) -> Result<Upload, Refusal> {
    let mut upload = world
        .ecr
        .store
        .take_upload(name, id)
        .ok_or_else(unknown_upload)?;
    let begin = request
        .headers()
        .get(header::CONTENT_RANGE)
        .and_then(|value| value.to_str().ok());
    let begin = begin.map(|range| {
        range
            .trim_start_matches("bytes ")
            .split('-')
            .next()
            .unwrap_or("")
            .parse::<u64>()
    });
    if begin.is_some_and(|begin| begin != Ok(upload.size)) {
        world.ecr.store.put_upload(id, upload);
        return Err(Refusal::new(
            416,
            "BLOB_UPLOAD_INVALID",
            "the chunk is out of order",
        ));
    }
    let path = world.ecr.store.upload_file(id);
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    let mut file = tokio::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .await?;
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| Refusal::new(400, "BLOB_UPLOAD_INVALID", error.to_string()))?;
        let Ok(bytes) = frame.into_data() else {
            continue;
        };
        upload.hash.update(&bytes);
        upload.size += bytes.len() as u64;
        file.write_all(&bytes).await?;
    }
    file.flush().await?;
    Ok(upload)
}

async fn finish(
    world: &World,
    caller: &Principal,
    name: &str,
    id: &str,
    request: Request<Body>,
) -> Result<Reply, Refusal> {
    authorize(world, caller, "CompleteLayerUpload", name)?;
    let digest = query(&request, "digest").filter(|digest| is_digest(digest));
    let digest = digest
        .ok_or_else(|| Refusal::new(400, "DIGEST_INVALID", "no digest, or none of SHA-256"))?;
    let upload = receive(world, name, id, request).await?;
    let found: String = upload
        .hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if digest != format!("sha256:{found}") {
        tokio::fs::remove_file(world.ecr.store.upload_file(id)).await?;
        return Err(Refusal::new(
            400,
            "DIGEST_INVALID",
            format!("the content has the digest sha256:{found}"),
        ));
    }
    world.ecr.store.finish_upload(name, id, &digest)?;
    Ok(created(name, &digest))
}

/// Serves a pre-signed address: whole, or the part that a `Range` header names.
pub(super) async fn download(world: &World, request: Request<Body>) -> Result<Reply, Refusal> {
    let signed = query(&request, "X-Amz-Signature")
        .and_then(|signature| world.ecr.store.download(&signature));
    let matching =
        signed.filter(|(name, digest)| request.uri().path() == format!("/layers/{name}/{digest}"));
    let Some((_, digest)) = matching else {
        return Err(Refusal::new(403, "DENIED", "the address is not signed"));
    };
    let headers = request.into_parts().0.headers;
    let mut file = tokio::fs::File::open(world.ecr.store.blob_file(&digest)).await?;
    let size = file.metadata().await?.len();
    let kind = ("content-type", "application/octet-stream");
    let range = match range(&headers, size) {
        Err(()) => {
            let whole = format!("bytes */{size}");
            return Ok(respond(416, &[("content-range", &whole)], Body::empty()));
        }
        Ok(range) => range,
    };
    let (first, end) = range.unwrap_or((0, size));
    file.seek(SeekFrom::Start(first)).await?;
    let length = (end - first).to_string();
    let body = Body::new(FileBody {
        file,
        left: end - first,
    });
    let mut headers = vec![
        kind,
        ("content-length", length.as_str()),
        ("accept-ranges", "bytes"),
    ];
    let told = format!("bytes {first}-{}/{size}", end.saturating_sub(1));
    if range.is_some() {
        headers.push(("content-range", &told));
    }
    Ok(respond(
        if range.is_some() { 206 } else { 200 },
        &headers,
        body,
    ))
}

/// First byte and end of the part that is asked for: RFC 9110, section 14. One range, or the whole.
fn range(headers: &HeaderMap, size: u64) -> Result<Option<(u64, u64)>, ()> {
    let text = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    let Some((first, last)) = text.and_then(|text| text.strip_prefix("bytes=")?.split_once('-'))
    else {
        return Ok(None);
    };
    let (first, end) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) => (first, last.saturating_add(1).min(size)),
        (Ok(first), Err(_)) if last.is_empty() => (first, size),
        (Err(_), Ok(tail)) if first.is_empty() => (size.saturating_sub(tail), size),
        _ => return Ok(None),
    };
    if first < end {
        Ok(Some((first, end)))
    } else {
        Err(())
    }
}

/// The next bytes of a file, as a body.
struct FileBody {
    file: tokio::fs::File,
    left: u64,
}

impl http_body::Body for FileBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        let wanted = usize::try_from(self.left).unwrap_or(PIECE).min(PIECE);
        if wanted == 0 {
            return Poll::Ready(None);
        }
        let mut piece = vec![0; wanted];
        let mut buffer = ReadBuf::new(&mut piece);
        match Pin::new(&mut self.file).poll_read(context, &mut buffer) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
            Poll::Ready(Ok(())) => {}
        }
        let count = buffer.filled().len();
        if count == 0 {
            let error =
                std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the blob became shorter");
            return Poll::Ready(Some(Err(error)));
        }
        piece.truncate(count);
        self.left -= count as u64;
        Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from(piece)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_a_part_of_the_blob_or_refused() {
        let ask = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, text.parse().unwrap());
            range(&headers, 100)
        };
        assert_eq!(ask("bytes=0-9"), Ok(Some((0, 10))));
        assert_eq!(ask("bytes=90-"), Ok(Some((90, 100))));
        assert_eq!(ask("bytes=-5"), Ok(Some((95, 100))));
        assert_eq!(ask("bytes=90-900"), Ok(Some((90, 100))));
        assert_eq!(ask("bytes=100-"), Err(()));
        assert_eq!(ask("lines=1-2"), Ok(None));
    }
}
