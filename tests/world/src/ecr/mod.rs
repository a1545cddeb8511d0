//! ECR: the API, and the registry that docker, buildah and skopeo push to and pull from, over one store.
//!
//! | file | holds |
//! |---|---|
//! | `api`, `images` | the JSON operations |
//! | `registry` | the OCI distribution API: manifests, tags, authentication |
//! | `blobs` | the OCI distribution API: layers and configurations, up and down |
//! | `store` | repositories in memory, their blobs in a folder |
//! | `manifest` | what a manifest names, and the rules of putting, finding and deleting one |
//!
//! Sources: Amazon ECR API reference and user guide, OCI distribution specification 1.1, all read in November 2026;
//! texts of errors as users quote them in public issues (named where they stand). What AWS does not write down is not
//! imitated: scans, lifecycle rules, replication, encryption, pull-through caches.

mod api;
mod blobs;
mod images;
mod manifest;
mod registry;
mod store;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use api::handle;
pub use manifest::Image;
pub use registry::router;

use crate::clock::Clock;
use crate::iam::Principal;
use crate::{Settings, Urls};
use store::{Mutability, Store};

/// Seconds that an authorization token lives.
const LIFETIME: f64 = 12.0 * 3600.0;

/// The account's private registry.
#[derive(Debug)]
pub struct Ecr {
    store: Store,
    clock: Clock,
    logins: Mutex<BTreeMap<String, Login>>,
}

/// A password of the registry: whose it is, and when it ends.
#[derive(Clone, Debug)]
struct Login {
    principal: Principal,
    /// Simulated seconds since the Unix epoch.
    expires: f64,
}

impl Ecr {
    pub fn new(settings: &Settings, urls: &Urls, clock: Clock) -> Self {
        Self {
            store: Store::new(settings, urls),
            clock,
            logins: Mutex::default(),
        }
    }

    /// Creates a repository, with immutable tags if wanted. One that is there stays as it is.
    pub fn create_repository(&self, name: &str, immutable: bool) {
        let mutability = Mutability {
            immutable,
            exclusions: Vec::new(),
        };
        let created = self
            .store
            .create_repository(name, mutability, self.clock.unix());
        drop(created);
    }

    /// `<host>:<port>/<name>`, what images of a repository are called by.
    pub fn repository_uri(&self, name: &str) -> String {
        self.store.uri(name)
    }

    /// The tags of a repository in alphabetical order; none if there is no such repository.
    pub fn tags(&self, repository: &str) -> Vec<String> {
        self.store
            .read(repository, |repository| {
                repository.tags.keys().cloned().collect()
            })
            .unwrap_or_default()
    }

    /// The image behind a tag or a digest.
    pub fn image(&self, repository: &str, tag_or_digest: &str) -> Option<Image> {
        self.store.image(repository, tag_or_digest).ok()
    }

    /// Takes a tag away, and the image with its last one, as a lifecycle rule does; false if there is none.
    pub fn expire(&self, repository: &str, tag: &str) -> bool {
        self.store
            .delete_image(repository, None, Some(tag))
            .is_ok_and(|deleted| deleted.is_ok())
    }

    /// A password for `docker login --username AWS`, as `GetAuthorizationToken` gives it.
    pub fn password(&self, principal: &Principal) -> String {
        let password = format!(
            "{}{}",
            uuid::Uuid::new_v4().simple(),
            uuid::Uuid::new_v4().simple()
        );
        let login = Login {
            principal: principal.clone(),
            expires: self.clock.unix() + LIFETIME,
        };
        self.logins
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(password.clone(), login);
        password
    }

    /// Whether this registry gave out a password.
    pub fn knows_password(&self, password: &str) -> bool {
        self.login(password).is_some()
    }

    fn login(&self, password: &str) -> Option<Login> {
        let logins = self.logins.lock().unwrap_or_else(PoisonError::into_inner);
        logins.get(password).cloned()
    }
}

/// The value of an `Authorization: Basic` header for a password of the registry, and the token of the API.
pub(crate) fn basic(password: &str) -> String {
    STANDARD.encode(format!("AWS:{password}"))
}
