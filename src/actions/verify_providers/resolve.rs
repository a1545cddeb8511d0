//! From wishes to artifacts: the dependency closure without what Keycloak has itself.

use crate::action::Context;
use crate::domain::coordinates::Coordinates;
use crate::domain::pom::{Closure, Root};
use crate::domain::providers::{Release, Wanted};
use crate::domain::shadow::{Index, Jar};
use crate::error::Result;
use crate::maven::Repository;

/// An artifact of the closure that does not go into the image.
pub(super) struct LeftOut {
    pub(super) name: String,
    pub(super) reason: String,
}

/// A jar that may go into the lock.
pub(super) enum Candidate {
    Maven {
        coordinates: Coordinates,
        /// Whether only another artifact needs it.
        brought: bool,
    },
    Release(Release),
    Local(String),
}

impl Candidate {
    pub(super) fn file(&self) -> String {
        match self {
            Self::Maven { coordinates, .. } => coordinates.file("jar"),
            Self::Release(release) => release.file().to_owned(),
            Self::Local(path) => path.rsplit('/').next().unwrap_or(path).to_owned(),
        }
    }
}

pub(super) async fn closure(
    repository: &Repository<'_>,
    context: &Context,
    wanted: &Wanted,
) -> Result<Closure> {
    let root = |alone| {
        move |coordinates: &Coordinates| Root {
            coordinates: coordinates.clone(),
            alone,
        }
    };
    // What is wanted as it is comes first: its version is the one that counts.
    let roots = wanted.jars.iter().map(root(true));
    let roots: Vec<Root> = roots.chain(wanted.roots.iter().map(root(false))).collect();
    let mut progress = context.runner.progress();
    let mut last = 0;
    let seen = |read: usize| {
        last = read;
        if progress.is_live() {
            progress.show(
                &format!("reading dependencies: {read} POM files"),
                context.clock.elapsed(),
            );
        }
    };
    let closure = repository.closure(&roots, &wanted.exclusions, seen).await?;
    progress.line(&format!(
        "{} artifacts are needed, from {last} POM files",
        closure.members.len()
    ));
    Ok(closure)
}

/// The jars of a closure that Keycloak does not have by their name.
pub(super) fn chosen(
    closure: Closure,
    index: &Index,
    left_out: &mut Vec<LeftOut>,
) -> Vec<Candidate> {
    let mut chosen = Vec::new();
    for member in closure.members {
        let Coordinates {
            group, artifact, ..
        } = &member.coordinates;
        let brought = !member.path.is_empty();
        let reason = match index.library(group, artifact) {
            Some(own) if brought => Some(format!("Keycloak has {own}")),
            // A POM brings others, and is no file that anybody loads.
            _ if member.extension == "pom" => continue,
            _ if member.extension != "jar" => {
                Some(format!("it is no jar, but {}", member.extension))
            }
            _ => None,
        };
        match reason {
            None => chosen.push(Candidate::Maven {
                coordinates: member.coordinates,
                brought,
            }),
            Some(reason) => left_out.push(LeftOut {
                name: member.coordinates.to_string(),
                reason,
            }),
        }
    }
    chosen
}

/// Which classes of a jar Keycloak has under another name, and whether that makes the jar needless: most of them, or those
/// of a jar that stands in for it and so has its name, as `commons-logging-jboss-logging` does. Of other jars `verify`
/// tells, since somebody has to decide.
pub(super) fn shared(jar: &Jar, artifact: &str, index: &Index) -> Option<(bool, String)> {
    if index.has_library(jar) {
        return Some((true, "Keycloak has the same file".to_owned()));
    }
    let overlaps = index.shadowed_by(jar);
    let shared: usize = overlaps.iter().map(|overlap| overlap.count).sum();
    let most = overlaps.iter().max_by_key(|overlap| overlap.count)?;
    let stands_in = most.other.contains(&format!(".{artifact}-"));
    Some((
        stands_in || shared * 2 >= jar.classes.len(),
        format!(
            "Keycloak has {shared} of its {} classes, in {}",
            jar.classes.len(),
            most.other
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pom::Member;

    #[test]
    fn what_keycloak_has_is_left_out_and_said() {
        let index = Index::of([Jar {
            file: "g.own-2.jar".to_owned(),
            sha256: String::new(),
            classes: ["x/A", "x/B"].map(str::to_owned).into(),
        }]);
        let member = |artifact: &str, extension: &str, brought: bool| Member {
            coordinates: format!("g:{artifact}:1").parse().unwrap(),
            extension: extension.to_owned(),
            path: if brought {
                vec!["g:root:1".parse().unwrap()]
            } else {
                Vec::new()
            },
        };
        let closure = Closure {
            members: vec![
                member("own", "jar", true),
                member("own-more", "jar", true),
                member("bom", "pom", true),
                member("native", "so", true),
            ],
        };
        let mut left_out = Vec::new();
        let kept: Vec<String> = chosen(closure, &index, &mut left_out)
            .iter()
            .map(Candidate::file)
            .collect();
        assert_eq!(kept, ["own-more-1.jar"]);
        let said: Vec<String> = left_out
            .iter()
            .map(|one| format!("{} {}", one.name, one.reason))
            .collect();
        assert_eq!(
            said,
            [
                "g:own:1 Keycloak has g.own-2.jar",
                "g:native:1 it is no jar, but so"
            ]
        );
        let asked_for = Closure {
            members: vec![member("own", "jar", false)],
        };
        assert_eq!(
            chosen(asked_for, &index, &mut left_out).len(),
            1,
            "whoever asks for it gets it"
        );
        let jar = |classes: &[&str]| Jar {
            sha256: "other".to_owned(),
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
            ..Jar::default()
        };
        let needless = |artifact: &str, classes: &[&str]| {
            shared(&jar(classes), artifact, &index).map(|(needless, _)| needless)
        };
        assert_eq!(needless("a", &["x/A", "x/C"]), Some(true));
        assert_eq!(needless("a", &["x/A", "x/C", "x/D"]), Some(false));
        assert_eq!(needless("own", &["x/A", "x/C", "x/D"]), Some(true));
        assert_eq!(needless("a", &["x/C"]), None);
    }
}
