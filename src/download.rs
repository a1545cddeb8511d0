//! Files over HTTP: tried several times, and what is there already is not fetched again.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_RANGE, RANGE};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::action::Context;
use crate::domain::providers::hex;
use crate::error::{Error, Kind, Result};
use crate::http;

/// Downloads at a time.
pub const PARALLEL: usize = 8;
/// Attempts of one download that bring nothing new.
const ATTEMPTS: u32 = 4;
/// Pause before the second attempt; it doubles.
const PAUSE: Duration = Duration::from_secs(1);
/// Bytes of a file; Keycloak's distribution has 190 million.
const LARGEST_FILE: u64 = 1024 * 1024 * 1024;
/// Bytes of a text; the largest POM in use has 1 million.
const LARGEST_TEXT: usize = 16 * 1024 * 1024;

/// An HTTP client that does not give up at once.
pub struct Downloads<'a> {
    context: &'a Context,
    client: reqwest::Client,
}

/// Size and hashes of a file that was downloaded.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub size: u64,
    pub sha256: String,
    pub sha1: String,
}

enum Failure {
    Passing(Error),
    Final(Error),
}

impl<'a> Downloads<'a> {
    pub fn new(context: &'a Context) -> Result<Self> {
        Ok(Self {
            context,
            client: http::client()?,
        })
    }

    /// The runner that hears of second attempts.
    pub fn context(&self) -> &'a Context {
        self.context
    }

    /// Downloads a file to `path`; the caller decides whether it is the right one.
    pub async fn file(&self, address: &str, path: &Path) -> Result<Fetched> {
        // A process that was killed can have had the same name for something else.
        let gone = std::fs::remove_file(path);
        drop(gone);
        self.rest_of_file(address, path, |_| {}).await
    }

    /// Downloads what is missing of a file to `path`, where a part of it is from before. `seen` hears of bytes that
    /// come.
    pub async fn rest_of_file(
        &self,
        address: &str,
        path: &Path,
        seen: impl Fn(u64),
    ) -> Result<Fetched> {
        let had = size_of(path);
        self.patiently(|| self.stream(address, path, &seen), || size_of(path))
            .await?;
        let fetched = hashes(path)?;
        if had > 0 {
            self.context
                .runner
                .debug(format!("{address}: went on after {had} bytes"));
        }
        Ok(fetched)
    }

    /// The text at an address; nothing if there is none.
    pub async fn text(&self, address: &str) -> Result<Option<String>> {
        self.patiently(|| self.whole(address), || 0).await
    }

    /// Tries again what may pass. An attempt that brought something does not count.
    async fn patiently<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        attempt: impl Fn() -> F,
        brought: impl Fn() -> u64,
    ) -> Result<T> {
        let (mut failed, mut pause, mut had) = (0, PAUSE, brought());
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing(error)) => error,
            };
            if brought() > had {
                (failed, pause, had) = (0, PAUSE, brought());
            }
            failed += 1;
            if failed == ATTEMPTS {
                return Err(error);
            }
            let again = format!("{error}; trying again in {} s", pause.as_secs());
            self.context.runner.line(again);
            self.context.clock.sleep(pause).await;
            pause *= 2;
        }
    }

    async fn get(&self, address: &str, from: u64) -> Result<reqwest::Response, Failure> {
        let tried = format!("could not get {address}");
        let mut request = self.client.get(address);
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        let answer = request.send().await.map_err(|error| {
            Failure::Passing(Error::refused(&tried).because(error.without_url()).hint(
                "Check the network and HTTPS_PROXY, or set `maven-repository` to a repository that can be reached.",
            ))
        })?;
        let status = answer.status();
        let expected = status.is_success()
            || status == StatusCode::NOT_FOUND
            || (from > 0 && status == StatusCode::RANGE_NOT_SATISFIABLE);
        if expected {
            return Ok(answer);
        }
        let error = Error::refused(format!("{tried}: status {status}"))
            .hint("Run the job again later, or set `maven-repository` to another repository.");
        let passing = status.is_server_error()
            || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status);
        Err(if passing {
            Failure::Passing(error)
        } else {
            Failure::Final(error)
        })
    }

    async fn whole(&self, address: &str) -> Result<Option<String>, Failure> {
        let mut answer = self.get(address, 0).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|error| broken(address, error))?
        {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LARGEST_TEXT {
                let error = Error::refused(format!("{address} has more than {LARGEST_TEXT} bytes"));
                return Err(Failure::Final(error));
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Some(text))
    }

    async fn stream(&self, address: &str, path: &Path, seen: &impl Fn(u64)) -> Result<(), Failure> {
        let unwritten = |error: std::io::Error| Failure::Final(unwritten(path, error));
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(unwritten)?;
        let mut had = file.seek(SeekFrom::End(0)).map_err(unwritten)?;
        let mut answer = self.get(address, had).await?;
        if answer.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            answer = self.get(address, 0).await?;
        }
        if answer.status() == StatusCode::NOT_FOUND {
            let error = Error::usage(format!("there is no {address}"))
                .hint("Check group, artifact and version, or the address, in providers.yml.");
            return Err(Failure::Final(error));
        }
        if had > 0 && !goes_on(&answer, had) {
            had = 0;
            file.set_len(had).map_err(unwritten)?;
            file.rewind().map_err(unwritten)?;
        }
        let mut size = had;
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|error| broken(address, error))?
        {
            size += chunk.len() as u64;
            if size > LARGEST_FILE {
                let error = Error::refused(format!("{address} has more than {LARGEST_FILE} bytes"));
                return Err(Failure::Final(error));
            }
            file.write_all(&chunk).map_err(unwritten)?;
            seen(chunk.len() as u64);
        }
        Ok(())
    }
}

/// Whether an answer starts where the part that is there ends.
fn goes_on(answer: &reqwest::Response, had: u64) -> bool {
    let range = answer.headers().get(CONTENT_RANGE);
    answer.status() == StatusCode::PARTIAL_CONTENT
        && range
            .and_then(|range| range.to_str().ok())
            .is_some_and(|range| range.starts_with(&format!("bytes {had}-")))
}

fn size_of(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

/// Size and hashes of a file.
pub fn hashes(path: &Path) -> Result<Fetched> {
    let unread = |error| Error::unread(path.display(), error);
    let mut file = File::open(path).map_err(unread)?;
    let (mut sha256, mut sha1, mut size) = (Sha256::new(), Sha1::new(), 0);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer).map_err(unread)?;
        if read == 0 {
            break;
        }
        sha256.update(&buffer[..read]);
        sha1.update(&buffer[..read]);
        size += read as u64;
    }
    Ok(Fetched {
        size,
        sha256: hex(&sha256.finalize()),
        sha1: hex(&sha1.finalize()),
    })
}

/// A file that could not be written: most often the disk is full.
pub fn unwritten(path: &Path, error: std::io::Error) -> Error {
    let full = error.kind() == std::io::ErrorKind::StorageFull;
    let told =
        Error::new(Kind::Usage, format!("could not write {}", path.display())).because(error);
    if full {
        told.hint("Free some space on that disk, or choose another folder, and run it again: what is there already is kept.")
    } else {
        told
    }
}

fn broken(address: &str, error: reqwest::Error) -> Failure {
    Failure::Passing(Error::refused(format!("{address} broke off")).because(error.without_url()).hint(
        "The connection was cut in the middle. Run it again: what has come is kept or fetched anew, never used in parts.",
    ))
}
