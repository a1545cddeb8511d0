//! A Maven repository over HTTP.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::action::Context;
use crate::domain::coordinates::Coordinates;
use crate::domain::providers::hex;
use crate::error::{Error, Result};
use crate::http;

/// Maven Central. Composed, since it is an address that mirrors replace: see `--maven-repository`.
const CENTRAL: &str = concat!("https://repo", "1.maven", ".org/maven2");
/// Downloads at a time.
pub const PARALLEL: usize = 6;
/// Attempts of one download.
const ATTEMPTS: u32 = 4;
/// Pause before the second attempt; it doubles.
const PAUSE: Duration = Duration::from_secs(1);

/// A repository of Maven's default layout.
pub struct Repository<'a> {
    context: &'a Context,
    client: reqwest::Client,
    base: String,
    /// How a lock file names it.
    pub origin: String,
}

/// Size and hashes of a file that was downloaded.
pub struct Fetched {
    pub size: u64,
    pub sha256: String,
    sha1: String,
}

enum Failure {
    Passing(Error),
    Final(Error),
}

impl<'a> Repository<'a> {
    /// The repository at `address`, by default Maven Central.
    pub fn new(context: &'a Context, address: Option<&str>) -> Result<Self> {
        let base = address.unwrap_or(CENTRAL).trim_end_matches('/').to_owned();
        let parsed = reqwest::Url::parse(&base);
        if !parsed.is_ok_and(|url| ["http", "https"].contains(&url.scheme())) {
            return Err(
                Error::usage(format!("{base:?} is no address of a Maven repository"))
                    .hint("It looks like https://repository.example.org/maven2."),
            );
        }
        Ok(Self {
            context,
            client: http::client()?,
            origin: if address.is_none() {
                "maven-central".to_owned()
            } else {
                base.clone()
            },
            base,
        })
    }

    /// Downloads a file to `path`; the caller decides whether it is the right one.
    pub async fn fetch(
        &self,
        coordinates: &Coordinates,
        extension: &str,
        path: &Path,
    ) -> Result<Fetched> {
        let address = format!("{}/{}", self.base, coordinates.path(extension));
        self.patiently(|| self.stream(&address, path)).await
    }

    /// Compares a download with the checksum that the repository serves beside it: SHA-256 if it has one, else SHA-1.
    /// It proves the transport only; the lock file proves the content.
    pub async fn compare(
        &self,
        coordinates: &Coordinates,
        extension: &str,
        fetched: &Fetched,
    ) -> Result<()> {
        for (kind, found) in [("sha256", &fetched.sha256), ("sha1", &fetched.sha1)] {
            let address = format!("{}/{}.{kind}", self.base, coordinates.path(extension));
            let Some(text) = self.patiently(|| self.text(&address)).await? else {
                continue;
            };
            let wanted = text.split_whitespace().next().unwrap_or("").to_lowercase();
            if wanted == *found {
                if kind == "sha1" {
                    self.context.runner.line(format!(
                        "{coordinates}: the repository has no SHA-256 of it, compared by SHA-1"
                    ));
                }
                return Ok(());
            }
            return Err(Error::verification(format!(
                "{coordinates} has the {kind} {found}, but the repository says {wanted}"
            ))
            .hint("The download or the repository is damaged; nothing was kept. Try again, then another repository."));
        }
        Err(Error::refused(format!(
            "the repository has no checksum for {coordinates}"
        )))
    }

    async fn patiently<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        attempt: impl Fn() -> F,
    ) -> Result<T> {
        let mut pause = PAUSE;
        for _ in 1..ATTEMPTS {
            match attempt().await {
                Ok(value) => return Ok(value),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing(error)) => {
                    self.context
                        .runner
                        .line(format!("{error}; trying again in {} s", pause.as_secs()));
                    self.context.clock.sleep(pause).await;
                    pause *= 2;
                }
            }
        }
        attempt().await.map_err(|failure| match failure {
            Failure::Passing(error) | Failure::Final(error) => error,
        })
    }

    async fn get(&self, address: &str) -> Result<reqwest::Response, Failure> {
        let tried = format!("could not get {address}");
        let answer = self.client.get(address).send().await.map_err(|error| {
            Failure::Passing(Error::refused(&tried).because(error.without_url()).hint(
                "Check the network and HTTPS_PROXY, or set `maven-repository` to a repository that can be reached.",
            ))
        })?;
        let status = answer.status();
        if status.is_success() || status == reqwest::StatusCode::NOT_FOUND {
            return Ok(answer);
        }
        let error = Error::refused(format!("{tried}: status {status}"));
        let passing = status.is_server_error() || status == reqwest::StatusCode::TOO_MANY_REQUESTS;
        Err(if passing {
            Failure::Passing(error)
        } else {
            Failure::Final(error)
        })
    }

    async fn text(&self, address: &str) -> Result<Option<String>, Failure> {
        let answer = self.get(address).await?;
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let text = answer
            .text()
            .await
            .map_err(|error| broken(address, error))?;
        Ok(Some(text))
    }

    async fn stream(&self, address: &str, path: &Path) -> Result<Fetched, Failure> {
        let mut answer = self.get(address).await?;
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return Err(Failure::Final(
                Error::usage(format!("there is no {address}"))
                    .hint("Check group, artifact and version in providers.yml."),
            ));
        }
        let unwritten = |error: std::io::Error| {
            Failure::Final(
                Error::usage(format!("could not write {}", path.display())).because(error),
            )
        };
        let mut file = std::fs::File::create(path).map_err(unwritten)?;
        let (mut sha256, mut sha1, mut size) = (Sha256::new(), Sha1::new(), 0);
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|error| broken(address, error))?
        {
            sha256.update(&chunk);
            sha1.update(&chunk);
            size += chunk.len() as u64;
            file.write_all(&chunk).map_err(unwritten)?;
        }
        Ok(Fetched {
            size,
            sha256: hex(&sha256.finalize()),
            sha1: hex(&sha1.finalize()),
        })
    }
}

fn broken(address: &str, error: reqwest::Error) -> Failure {
    Failure::Passing(Error::refused(format!("{address} broke off")).because(error.without_url()))
}
