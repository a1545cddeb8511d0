//! Repositories in memory, their blobs in a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::Sha256;

use super::manifest::Manifest;
use crate::aws::ApiError;
use crate::{Settings, Urls};

/// Which tags may move.
#[derive(Clone, Debug, Default)]
pub(super) struct Mutability {
    /// Whether tags are immutable, but for those that an exclusion matches.
    pub(super) immutable: bool,
    /// Patterns with `*` of tags for which the opposite holds.
    pub(super) exclusions: Vec<String>,
}

impl Mutability {
    /// Whether this tag, once put, stays.
    pub(super) fn fixes(&self, tag: &str) -> bool {
        let excluded = self.exclusions.iter().any(|pattern| matches(pattern, tag));
        self.immutable != excluded
    }

    /// The name that the API has for it.
    pub(super) fn name(&self) -> &'static str {
        match (self.immutable, self.exclusions.is_empty()) {
            (true, true) => "IMMUTABLE",
            (true, false) => "IMMUTABLE_WITH_EXCLUSION",
            (false, true) => "MUTABLE",
            (false, false) => "MUTABLE_WITH_EXCLUSION",
        }
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|text| {
            (0..=text.len())
                .filter(|at| text.is_char_boundary(*at))
                .any(|at| matches(rest, &text[at..]))
        }),
    }
}

#[derive(Debug)]
pub(super) struct Repository {
    /// Simulated seconds since the Unix epoch.
    pub(super) created: f64,
    pub(super) mutability: Mutability,
    /// Digests of the blobs that belong to this repository.
    pub(super) blobs: BTreeSet<String>,
    /// By digest.
    pub(super) manifests: BTreeMap<String, Manifest>,
    /// Tag to digest.
    pub(super) tags: BTreeMap<String, String>,
}

/// A blob on its way in.
pub(super) struct Upload {
    pub(super) repository: String,
    pub(super) hash: Sha256,
    /// Bytes received.
    pub(super) size: u64,
}

#[derive(Default)]
struct State {
    repositories: BTreeMap<String, Repository>,
    uploads: BTreeMap<String, Upload>,
    /// Signature of a download address to repository and digest.
    downloads: BTreeMap<String, (String, String)>,
    blob_mounting: bool,
}

pub(super) struct Store {
    folder: PathBuf,
    pub(super) account: String,
    region: String,
    /// Address of the registry, without a slash at the end.
    pub(super) url: String,
    state: Mutex<State>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("folder", &self.folder)
            .finish()
    }
}

impl Store {
    pub(super) fn new(settings: &Settings, urls: &Urls) -> Self {
        Self {
            folder: settings.root.join("ecr"),
            account: settings.account.clone(),
            region: settings.region.clone(),
            url: urls.registry.clone(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn arn(&self, repository: &str) -> String {
        format!(
            "arn:aws:ecr:{}:{}:repository/{repository}",
            self.region, self.account
        )
    }

    pub(super) fn uri(&self, repository: &str) -> String {
        format!("{}/{repository}", self.url.trim_start_matches("http://"))
    }

    fn no_repository(&self, name: &str) -> ApiError {
        ApiError::new(
            400,
            "RepositoryNotFoundException",
            format!(
                "The repository with name '{name}' does not exist in the registry with id '{}'",
                self.account
            ),
        )
    }

    pub(super) fn create_repository(
        &self,
        name: &str,
        mutability: Mutability,
        now: f64,
    ) -> Result<(), ApiError> {
        let mut state = self.state();
        if state.repositories.contains_key(name) {
            return Err(ApiError::new(
                400,
                "RepositoryAlreadyExistsException",
                format!(
                    "The repository with name '{name}' already exists in the registry with id '{}'",
                    self.account
                ),
            ));
        }
        let repository = Repository {
            created: now,
            mutability,
            blobs: BTreeSet::new(),
            manifests: BTreeMap::new(),
            tags: BTreeMap::new(),
        };
        state.repositories.insert(name.to_owned(), repository);
        Ok(())
    }

    /// Names in alphabetical order.
    pub(super) fn repositories(&self) -> Vec<String> {
        self.state().repositories.keys().cloned().collect()
    }

    pub(super) fn read<T>(
        &self,
        name: &str,
        look: impl FnOnce(&Repository) -> T,
    ) -> Result<T, ApiError> {
        let state = self.state();
        let repository = state.repositories.get(name);
        Ok(look(repository.ok_or_else(|| self.no_repository(name))?))
    }

    pub(super) fn change<T>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Repository) -> T,
    ) -> Result<T, ApiError> {
        let mut state = self.state();
        let repository = state.repositories.get_mut(name);
        Ok(change(repository.ok_or_else(|| self.no_repository(name))?))
    }

    pub(super) fn blob_mounting(&self) -> bool {
        self.state().blob_mounting
    }

    pub(super) fn set_blob_mounting(&self, enabled: bool) {
        self.state().blob_mounting = enabled;
    }

    /// Where the bytes of a blob are; `digest` is `sha256:` and 64 hexadecimal digits.
    pub(super) fn blob_file(&self, digest: &str) -> PathBuf {
        self.folder.join("blobs").join(digest.replace(':', "-"))
    }

    /// Bytes of a blob of a repository, if it is there.
    pub(super) fn blob_size(
        &self,
        repository: &str,
        digest: &str,
    ) -> Result<Option<u64>, ApiError> {
        let there = self.read(repository, |repository| repository.blobs.contains(digest))?;
        Ok(std::fs::metadata(self.blob_file(digest))
            .ok()
            .filter(|_| there)
            .map(|file| file.len()))
    }

    pub(super) fn upload_file(&self, id: &str) -> PathBuf {
        self.folder.join("uploads").join(id)
    }

    /// Starts an upload; its id.
    pub(super) fn start_upload(&self, repository: &str) -> Result<String, ApiError> {
        self.read(repository, |_| ())?;
        let id = uuid::Uuid::new_v4().to_string();
        let upload = Upload {
            repository: repository.to_owned(),
            hash: Sha256::default(),
            size: 0,
        };
        self.put_upload(&id, upload);
        Ok(id)
    }

    /// Takes an upload out, so that one request at a time has it.
    pub(super) fn take_upload(&self, repository: &str, id: &str) -> Option<Upload> {
        let mut state = self.state();
        let ours = state.uploads.get(id)?.repository == repository;
        ours.then(|| state.uploads.remove(id)).flatten()
    }

    pub(super) fn put_upload(&self, id: &str, upload: Upload) {
        self.state().uploads.insert(id.to_owned(), upload);
    }

    /// Makes the received bytes a blob of the repository.
    pub(super) fn finish_upload(
        &self,
        repository: &str,
        id: &str,
        digest: &str,
    ) -> std::io::Result<()> {
        let (from, to) = (self.upload_file(id), self.blob_file(digest));
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::rename(from, to)?;
        self.add_blob(repository, digest);
        Ok(())
    }

    pub(super) fn add_blob(&self, repository: &str, digest: &str) {
        let added = self.change(repository, |repository| {
            repository.blobs.insert(digest.to_owned())
        });
        drop(added);
    }

    /// A pre-signed address of a blob.
    pub(super) fn download_url(&self, repository: &str, digest: &str) -> String {
        let signature = uuid::Uuid::new_v4().simple().to_string();
        self.state().downloads.insert(
            signature.clone(),
            (repository.to_owned(), digest.to_owned()),
        );
        format!(
            "{}/layers/{repository}/{digest}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature={signature}",
            self.url
        )
    }

    /// Repository and digest that a signature was given for.
    pub(super) fn download(&self, signature: &str) -> Option<(String, String)> {
        self.state().downloads.get(signature).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusion_turns_the_rule_around() {
        let rule = |immutable: bool, exclusions: &[&str]| Mutability {
            immutable,
            exclusions: exclusions.iter().map(|text| (*text).to_owned()).collect(),
        };
        assert!(rule(true, &[]).fixes("1.0.0"));
        assert!(!rule(true, &["cache-*", "latest"]).fixes("cache-linux"));
        assert!(rule(true, &["cache-*", "latest"]).fixes("latest-1"));
        assert!(!rule(false, &["*-kc*"]).fixes("1.0.0"));
        assert!(rule(false, &["*-kc*"]).fixes("1.0.0-kc26.7.5"));
        assert_eq!(rule(false, &["a"]).name(), "MUTABLE_WITH_EXCLUSION");
    }
}
