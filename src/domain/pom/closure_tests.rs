//! Closures of small sets of POMs.

use super::{Exclusion, Models, Root, Step, resolve};
use crate::domain::coordinates::Coordinates;

/// POMs in short: `g:a:1 -> b:1 c:2!optional`.
fn models(lines: &[&str]) -> Models {
    let mut models = Models::default();
    for line in lines {
        let (name, needs) = line.split_once(" -> ").unwrap_or((line, ""));
        let dependencies: String = needs
            .split_whitespace()
            .map(|need| {
                let (names, more) = need.split_once('!').unwrap_or((need, ""));
                let (artifact, version) = names.split_once(':').unwrap();
                let more = match more.split_once('=') {
                    None if more == "optional" => "<optional>true</optional>".to_owned(),
                    None if more.is_empty() => String::new(),
                    None => format!("<scope>{more}</scope>"),
                    Some(("without", what)) => format!(
                        "<exclusions><exclusion><groupId>g</groupId><artifactId>{what}</artifactId></exclusion></exclusions>"
                    ),
                    Some((element, text)) => format!("<{element}>{text}</{element}>"),
                };
                format!(
                    "<dependency><groupId>g</groupId><artifactId>{artifact}</artifactId><version>{version}</version>{more}</dependency>"
                )
            })
            .collect();
        models
            .add(
                format!("g:{name}").parse().unwrap(),
                &format!("<project><dependencies>{dependencies}</dependencies></project>"),
            )
            .unwrap();
    }
    models
}

fn closure(roots: &[&str], exclusions: &[&str], models: &Models) -> Vec<String> {
    let roots: Vec<Root> = roots
        .iter()
        .map(|root| Root {
            coordinates: format!("g:{}", root.trim_end_matches('!')).parse().unwrap(),
            alone: root.ends_with('!'),
        })
        .collect();
    let exclusions: Vec<Exclusion> = exclusions
        .iter()
        .map(|text| Exclusion::parse(text).unwrap())
        .collect();
    match resolve(&roots, &exclusions, models).unwrap() {
        Step::Done(closure) => closure
            .members
            .iter()
            .map(|member| {
                let Coordinates {
                    artifact,
                    version,
                    classifier,
                    ..
                } = &member.coordinates;
                let classifier = classifier
                    .as_deref()
                    .map(|text| format!("-{text}"))
                    .unwrap_or_default();
                format!("{artifact}{classifier}:{version}")
            })
            .collect(),
        Step::Need(need) => panic!("needs {need:?}"),
    }
}

#[test]
fn the_nearest_wins_and_then_the_first() {
    let near = models(&[
        "r:1 -> a:1 x:1",
        "a:1 -> x:2 y:1",
        "x:1",
        "y:1 -> z:1",
        "z:1",
    ]);
    assert_eq!(
        closure(&["r:1"], &[], &near),
        ["r:1", "a:1", "x:1", "y:1", "z:1"]
    );
    let first = models(&[
        "r:1 -> a:1 b:1",
        "a:1 -> x:1",
        "b:1 -> x:2",
        "x:1",
        "x:2 -> never:1",
    ]);
    assert_eq!(closure(&["r:1"], &[], &first), ["r:1", "a:1", "b:1", "x:1"]);
}

#[test]
fn scopes_and_options_are_followed_as_maven_does() {
    let models = models(&[
        "r:1 -> a:1!runtime t:1!test p:1!provided o:1!optional b:1",
        "a:1 -> c:1",
        "b:1 -> d:1 c:1",
        "c:1",
        "d:1",
    ]);
    assert_eq!(
        closure(&["r:1"], &[], &models),
        ["r:1", "a:1", "b:1", "c:1", "d:1"]
    );
}

#[test]
fn what_is_excluded_takes_what_only_it_needs_with_it() {
    let models = models(&[
        "r:1 -> a:1!without=x b:1",
        "a:1 -> x:1 y:1",
        "b:1 -> c:1",
        "c:1",
        "x:1 -> z:1",
        "y:1",
        "z:1",
    ]);
    assert_eq!(
        closure(&["r:1"], &[], &models),
        ["r:1", "a:1", "b:1", "y:1", "c:1"]
    );
    assert_eq!(closure(&["r:1"], &["g:b"], &models), ["r:1", "a:1", "y:1"]);
    assert_eq!(closure(&["r:1"], &["g:*"], &models), ["r:1"]);
    assert_eq!(closure(&["r:1"], &["h:*"], &models).len(), 5);
}

#[test]
fn an_artifact_that_stands_alone_pins_its_version_and_brings_nothing() {
    let models = models(&["r:1 -> a:1", "a:1 -> b:1", "b:1"]);
    assert_eq!(closure(&["a:9!", "r:1"], &[], &models), ["a:9", "r:1"]);
}

#[test]
fn types_have_extensions_and_classifiers() {
    let models = models(&[
        "r:1 -> a:1!type=test-jar b:1!classifier=linux c:1!type=pom",
        "a:1",
        "b:1",
        "c:1 -> d:1",
        "d:1",
    ]);
    assert_eq!(
        closure(&["r:1"], &[], &models),
        ["r:1", "a-tests:1", "b-linux:1", "c:1", "d:1"]
    );
}

#[test]
fn a_moved_artifact_is_found_where_it_went() {
    let mut models = models(&["r:1 -> old:1 new:2", "new:2", "new:1"]);
    let moved = "<project><distributionManagement><relocation><artifactId>new</artifactId></relocation></distributionManagement></project>";
    models.add("g:old:1".parse().unwrap(), moved).unwrap();
    assert_eq!(closure(&["r:1"], &[], &models), ["r:1", "new:1"]);
}

#[test]
fn many_poms_are_asked_for_at_a_time_and_faults_name_who_needs() {
    let models = models(&["r:1 -> a:1 b:1"]);
    let root = |name: &str| Root {
        coordinates: format!("g:{name}").parse().unwrap(),
        alone: false,
    };
    let Step::Need(need) = resolve(&[root("r:1")], &[], &models).unwrap() else {
        panic!("POMs are needed")
    };
    assert_eq!(need.poms.len(), 2);
    let models = self::models(&["r:1 -> a:1-SNAPSHOT"]);
    let fault = resolve(&[root("r:1")], &[], &models).unwrap_err();
    assert!(fault.contains("g:r:1 needs g:a:1-SNAPSHOT"), "{fault}");
}

#[test]
fn a_range_takes_its_newest_version_and_binds_the_nearer_one() {
    let mut models = models(&[
        "r:1 -> a:[1,2)",
        "a:1.10",
        "s:1 -> a:3 b:1",
        "b:1 -> a:[1,2)",
        "a:3",
    ]);
    let root = |name: &str| Root {
        coordinates: format!("g:{name}").parse().unwrap(),
        alone: false,
    };
    let Step::Need(need) = resolve(&[root("r:1")], &[], &models).unwrap() else {
        panic!("versions are needed")
    };
    assert_eq!(need.versions.len(), 1);
    let module = || ("g".to_owned(), "a".to_owned());
    models.add_versions(
        module(),
        ["1.9", "1.10", "2", "3"].map(str::to_owned).to_vec(),
    );
    assert_eq!(closure(&["r:1"], &[], &models), ["r:1", "a:1.10"]);
    let fault = resolve(&[root("s:1")], &[], &models).unwrap_err();
    assert!(
        fault.contains(
            "g:b:1 needs g:a in the version range [1,2), and the version that counts is 3"
        ),
        "{fault}"
    );
    models.add_versions(module(), vec!["3".to_owned()]);
    assert!(resolve(&[root("r:1")], &[], &models).is_err());
}

#[test]
fn a_circle_ends() {
    assert_eq!(
        closure(&["a:1"], &[], &models(&["a:1 -> b:1", "b:1 -> a:1"])),
        ["a:1", "b:1"]
    );
}
