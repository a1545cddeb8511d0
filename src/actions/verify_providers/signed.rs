//! PGP signatures beside the jars of a Maven repository. Who signed a jar is pinned in the lock.

use std::fs::File;
use std::path::Path;

use super::args::Args;
use crate::domain::coordinates::Coordinates;
use crate::domain::pgp::{Keys, Signed};
use crate::domain::providers::Lock;
use crate::error::{Error, Result};
use crate::maven::Repository;

/// The keys that may sign, and who signed before.
pub(super) struct Signers<'a> {
    args: &'a Args,
    keys: Option<Keys>,
    earlier: Option<&'a Lock>,
}

impl<'a> Signers<'a> {
    /// Reads the file of keys, if there is one.
    pub(super) fn new(args: &'a Args, earlier: Option<&'a Lock>) -> Result<Self> {
        let file = args.keys.to_string_lossy();
        let keys = match std::fs::read_to_string(&args.keys) {
            Ok(text) => Some(Keys::parse(&text).map_err(|fault| {
                Error::usage(format!("{file} has no PGP keys that can be read: {fault}"))
                    .at(file.clone(), None)
                    .hint("Write it with: gpg --export --armor <fingerprints> > docker/providers.keys")
            })?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::unread(file, error)),
        };
        Ok(Self {
            args,
            keys,
            earlier,
        })
    }

    /// Fingerprint of the key that signed a jar, which lies at `path`. Nothing, if nobody did whose key is known.
    pub(super) async fn of(
        &self,
        repository: &Repository<'_>,
        jar: &Coordinates,
        path: &Path,
    ) -> Result<Option<String>> {
        let locked = self.earlier.iter().flat_map(|lock| &lock.providers);
        let pinned = locked
            .filter(|one| {
                one.coordinates()
                    .is_some_and(|one| one.module() == jar.module())
            })
            .find_map(|one| one.signature.as_deref());
        let file = self.args.keys.display();
        let Some(keys) = &self.keys else {
            return pinned.map_or(Ok(None), |key| {
                Err(refused(&format!(
                    "{jar} is to be signed by {key}, and there is no file of keys {file}"
                )))
            });
        };
        let address = format!("{}.asc", repository.address(jar, "jar"));
        let Some(signature) = repository.downloads.text(&address).await? else {
            return pinned.map_or(Ok(None), |key| {
                Err(refused(&format!(
                    "{jar} has no signature, and the one before is signed by {key}"
                )))
            });
        };
        let content = File::open(path).map_err(|error| Error::unread(path.display(), error))?;
        let signed = keys.check(&signature, content).map_err(|fault| {
            Error::verification(format!("the signature {address} cannot be read: {fault}"))
                .hint("The repository is damaged, or serves something else; nothing was written.")
        })?;
        match (signed, pinned) {
            (Signed::By(key), None) => Ok(Some(key)),
            (Signed::By(key), Some(pinned)) if key == pinned => Ok(Some(key)),
            (Signed::By(key) | Signed::Unknown(key), Some(pinned)) => Err(refused(&format!(
                "{jar} is signed by {key}, and the one before by {pinned}"
            ))),
            (Signed::Wrong(key), _) => Err(Error::verification(format!(
                "{jar} is not what {key} signed"
            ))
            .hint("Somebody exchanged the jar or the signature in the repository; nothing was written.")),
            (Signed::Unknown(key), None) => {
                repository.downloads.context().runner.line(format!(
                    "{jar} is signed by {key}, whose key {file} does not have"
                ));
                Ok(None)
            }
        }
    }
}

fn refused(what: &str) -> Error {
    Error::verification(what).hint(
        "Nothing was written. Ask its makers who signs; to accept it, remove the line `signature` of the jar from the lock.",
    )
}
