//! A Maven repository over HTTP.

use std::path::Path;

use futures_util::stream::{self, StreamExt as _};

use crate::action::Context;
use crate::domain::coordinates::Coordinates;
use crate::domain::pom::{self, Models};
use crate::download::{Downloads, Fetched, PARALLEL};
use crate::error::{Error, Result};

/// Maven Central. Composed, since it is an address that mirrors replace: see `--maven-repository`.
const CENTRAL: &str = concat!("https://repo", "1.maven", ".org/maven2");
/// Rounds of POM files that one resolution may ask for; real ones need twenty.
const ROUNDS: usize = 200;

/// A repository of Maven's default layout.
pub struct Repository<'a> {
    pub downloads: Downloads<'a>,
    base: String,
    /// How a lock file names it.
    pub origin: String,
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
        let has_login = reqwest::Url::parse(&base)
            .is_ok_and(|url| !url.username().is_empty() || url.password().is_some());
        if has_login {
            return Err(Error::usage("`maven-repository` holds a user name or a password, which would stand in the lock and in messages")
                .hint("Give the address alone; let a proxy or a mirror in your network log in where that is needed."));
        }
        Ok(Self {
            downloads: Downloads::new(context)?,
            origin: if address.is_none() {
                "maven-central".to_owned()
            } else {
                base.clone()
            },
            base,
        })
    }

    /// The address of a file.
    pub fn address(&self, coordinates: &Coordinates, extension: &str) -> String {
        format!("{}/{}", self.base, coordinates.path(extension))
    }

    /// Downloads a file to `path`; the caller decides whether it is the right one.
    pub async fn fetch(
        &self,
        coordinates: &Coordinates,
        extension: &str,
        path: &Path,
    ) -> Result<Fetched> {
        let address = self.address(coordinates, extension);
        self.downloads.file(&address, path).await
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
            let address = format!("{}.{kind}", self.address(coordinates, extension));
            let Some(text) = self.downloads.text(&address).await? else {
                continue;
            };
            let wanted = text.split_whitespace().next().unwrap_or("").to_lowercase();
            if wanted == *found {
                if kind == "sha1" {
                    self.downloads.context().runner.line(format!(
                        "{coordinates}: the repository has no SHA-256 of it, compared by SHA-1"
                    ));
                }
                return Ok(());
            }
            return Err(Error::verification(format!(
                "{coordinates} has the {kind} {found}, but the repository says {wanted:?}"
            ))
            .hint("The download or the repository is damaged; nothing was kept. Try again, then another repository."));
        }
        Err(Error::refused(format!(
            "the repository has no checksum for {coordinates}"
        )))
    }

    /// The releases of a module that the repository lists; none if it does not know the module.
    pub async fn versions(&self, group: &str, artifact: &str) -> Result<Vec<String>> {
        let module = format!("{}/{artifact}", group.replace('.', "/"));
        let address = format!("{}/{module}/maven-metadata.xml", self.base);
        let Some(text) = self.downloads.text(&address).await? else {
            return Ok(Vec::new());
        };
        pom::versions(&text).map_err(|fault| {
            Error::refused(format!("{address} cannot be read: {fault}"))
                .hint("The repository answered with something else than the list of versions.")
        })
    }

    /// What some artifacts need at run time. `seen` hears of the number of POM files that were read.
    pub async fn closure(
        &self,
        roots: &[pom::Root],
        exclusions: &[pom::Exclusion],
        mut seen: impl FnMut(usize),
    ) -> Result<pom::Closure> {
        let mut models = Models::default();
        let mut read = 0;
        for _ in 0..ROUNDS {
            let step = pom::resolve(roots, exclusions, &models).map_err(unresolved)?;
            let need = match step {
                pom::Step::Done(closure) => return Ok(closure),
                pom::Step::Need(need) => need,
            };
            for module in need.versions {
                let versions = self.versions(&module.0, &module.1).await?;
                models.add_versions(module, versions);
            }
            let texts = stream::iter(need.poms)
                .map(|coordinates| async move {
                    let address = self.address(&coordinates, "pom");
                    let text = self.downloads.text(&address).await;
                    (coordinates, text)
                })
                .buffered(PARALLEL);
            let mut texts = std::pin::pin!(texts);
            while let Some((coordinates, text)) = texts.next().await {
                match text? {
                    Some(text) => models.add(coordinates, &text).map_err(unresolved)?,
                    None => models.add_absent(coordinates),
                }
                read += 1;
                seen(read);
            }
        }
        Err(unresolved(format!(
            "more than {ROUNDS} rounds of POM files"
        )))
    }
}

fn unresolved(fault: String) -> Error {
    Error::usage(format!("the dependencies cannot be resolved: {fault}")).hint(
        "Check the coordinates under `resolve`. A module that is not needed can go to `exclude`, and one that must have \
         a certain version to `providers`.",
    )
}
