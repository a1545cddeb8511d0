//! What the releases before and after a change were made from, by the records in their git tags.

use serde::Deserialize;
use serde_json::json;

use crate::domain::inputs::differences;
use crate::domain::release_record::Record;
use crate::domain::tag::release;
use crate::domain::tfvar::Change;
use crate::error::{Error, Result};
use crate::github::Repository;

const QUERY: &str = "
query Releases($owner: String!, $name: String!, $old: String!, $new: String!) {
  repository(owner: $owner, name: $name) {
    old: ref(qualifiedName: $old) { target { __typename ... on Tag { message } } }
    new: ref(qualifiedName: $new) { target { __typename ... on Tag { message } } }
  }
}";

#[derive(Deserialize)]
struct Answer {
    repository: Releases,
}

#[derive(Deserialize)]
struct Releases {
    old: Option<Reference>,
    new: Option<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    message: Option<String>,
}

impl Reference {
    fn record(self) -> Option<Record> {
        Record::parse(&self.target?.message?)
    }
}

/// What is different in the image, a line each; nothing if no value is a release with a record.
pub(super) async fn image_differences(
    repository: &Repository,
    prefix: &str,
    changes: &[Change],
) -> Result<Vec<String>> {
    let releases = changes
        .iter()
        .find(|change| change.old != change.new && release(&change.new).is_some());
    let Some(change) = releases else {
        return Ok(Vec::new());
    };
    let variables = json!({
        "owner": repository.owner,
        "name": repository.name,
        "old": format!("refs/tags/{prefix}{}", change.old),
        "new": format!("refs/tags/{prefix}{}", change.new),
    });
    let answer = repository
        .graphql("read the tags of", QUERY, variables)
        .await?;
    let answer: Answer = serde_json::from_value(answer)
        .map_err(|error| Error::refused("GitHub's answer is not as documented").because(error))?;
    let record = |reference: Option<Reference>| reference.and_then(Reference::record);
    let (old, new) = (record(answer.repository.old), record(answer.repository.new));
    Ok(lines(old.as_ref(), new.as_ref()))
}

fn lines(old: Option<&Record>, new: Option<&Record>) -> Vec<String> {
    let Some(new) = new else {
        return Vec::new();
    };
    let Some(old) = old else {
        let (keycloak, jars) = (&new.inputs.keycloak, new.inputs.providers.len());
        return vec![format!("Keycloak {keycloak} with {jars} provider jars")];
    };
    let found = differences(&old.inputs, &new.inputs);
    match found[..] {
        [] => vec!["nothing but its tag".to_owned()],
        _ => found
            .into_iter()
            .map(|difference| difference.text)
            .collect(),
    }
}
