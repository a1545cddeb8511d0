//! `/git/ref`, `/git/refs`, `/git/matching-refs`.

use crate::github::api::{Answer, Call, Failure};
use crate::github::commits::{check_name, move_reference};
use crate::github::git::ZERO;
use crate::github::shape::Shape;

pub async fn get(call: Call) -> Result<Answer, Failure> {
    let name = format!("refs/{}", call.param("ref"));
    answer(&call, &name, 200).await
}

/// The reference as it is now.
async fn answer(call: &Call, name: &str, status: u16) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let sha = repository.git.reference(name).await;
    let sha = sha.ok_or_else(Failure::not_found)?;
    let kind = repository.git.text(&["cat-file", "-t", &sha]).await?;
    let body = Shape(&call.world).reference(repository, name, &sha, &kind);
    Ok(Answer::new(status, body))
}

pub async fn matching(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let prefix = format!("refs/{}", call.param("ref"));
    let found = repository.git.references(&prefix).await?;
    let shape = Shape(&call.world);
    let found = found
        .iter()
        .filter(|(name, ..)| !name.starts_with("refs/world/"))
        .map(|(name, sha, kind)| shape.reference(repository, name, sha, kind));
    Answer::ok(found.collect())
}

pub async fn create(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let (name, sha) = (call.text("ref")?, call.text("sha")?);
    check_name(repository, name).await?;
    if repository.git.resolve(sha, "object").await.as_deref() != Some(sha) {
        return Err(Failure::new(422, "Object does not exist"));
    }
    let exists = || Failure::new(422, "Reference already exists");
    if repository.git.reference(name).await.is_some() {
        return Err(exists());
    }
    move_reference(&call.world, repository, name, ZERO, sha, &call.identity)
        .await
        .map_err(|_| exists())?;
    answer(&call, name, 201).await
}

pub async fn update(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let name = format!("refs/{}", call.param("ref"));
    let sha = call.text("sha")?;
    let missing = || Failure::new(422, "Reference does not exist");
    let before = repository.git.reference(&name).await.ok_or_else(missing)?;
    if repository.git.resolve(sha, "object").await.as_deref() != Some(sha) {
        return Err(Failure::new(422, "Object does not exist"));
    }
    if !call.flag("force") && !repository.git.is_ancestor(&before, sha).await {
        return Err(Failure::new(422, "Update is not a fast forward"));
    }
    if before != sha {
        let world = &call.world;
        move_reference(world, repository, &name, &before, sha, &call.identity)
            .await
            .map_err(|_| Failure::new(422, "Reference cannot be updated"))?;
    }
    answer(&call, &name, 200).await
}

pub async fn delete(call: Call) -> Result<Answer, Failure> {
    let repository = call.repository()?;
    let name = format!("refs/{}", call.param("ref"));
    let missing = || Failure::new(422, "Reference does not exist");
    let before = repository.git.reference(&name).await.ok_or_else(missing)?;
    if name == format!("refs/heads/{}", repository.default_branch) {
        return Err(Failure::new(422, "Cannot delete the default branch"));
    }
    let world = &call.world;
    move_reference(world, repository, &name, &before, ZERO, &call.identity)
        .await
        .map_err(|_| missing())?;
    Answer::empty()
}
