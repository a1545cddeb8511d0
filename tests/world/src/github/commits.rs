//! Commits that GitHub makes itself, and moves of references, whoever makes them.

use std::sync::Arc;

use super::api::Failure;
use super::events;
use super::git::{GitError, Signature};
use super::model::{Identity, Repository};
use super::shape::time;
use super::write::{NewCommit, Put};
use crate::World;

/// Author of what a user does by API or on the web: their name and `noreply` address, now.
pub fn author(world: &World, login: &str) -> Signature {
    let id = world.github.state().user_id(login);
    Signature {
        name: login.to_owned(),
        email: format!("{id}+{login}@users.noreply.github.com"),
        date: time(world.clock.now()),
    }
}

/// Committer of what GitHub commits for somebody.
pub fn committer(world: &World) -> Signature {
    Signature {
        name: "GitHub".to_owned(),
        email: "noreply@github.com".to_owned(),
        date: time(world.clock.now()),
    }
}

/// Moves a reference from `before` to `after`, and only from there; then what follows from it: pull requests, events.
pub async fn move_reference(
    world: &Arc<World>,
    repository: &Repository,
    name: &str,
    before: &str,
    after: &str,
    by: &Identity,
) -> Result<(), GitError> {
    repository.git.update(name, after, before).await?;
    events::reference_moved(world, repository, name, before, after, by).await;
    Ok(())
}

/// One commit on top of `parent` with some files put or removed; no reference is moved. GitHub signs it.
pub async fn commit_files(
    world: &World,
    repository: &Repository,
    parent: Option<&str>,
    puts: &[Put],
    message: &str,
    author: &Signature,
) -> Result<String, GitError> {
    let tree = repository.git.write_tree(parent, puts).await?;
    let parents: Vec<String> = parent.map(str::to_owned).into_iter().collect();
    let sha = repository
        .git
        .write_commit(&NewCommit {
            tree: &tree,
            parents: &parents,
            message,
            author,
            committer: &committer(world),
        })
        .await?;
    world.github.state().signed.insert(sha.clone());
    Ok(sha)
}

/// Refuses a name that no reference can have.
pub async fn check_name(repository: &Repository, name: &str) -> Result<(), Failure> {
    let valid = name.starts_with("refs/") && name.matches('/').count() >= 2;
    if valid
        && repository
            .git
            .text(&["check-ref-format", name])
            .await
            .is_ok()
    {
        return Ok(());
    }
    Err(Failure::new(
        422,
        format!("Reference name {name:?} is not a valid reference name"),
    ))
}
