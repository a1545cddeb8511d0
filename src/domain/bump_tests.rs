use proptest::prelude::{Just, Strategy, any, prop_assert, prop_oneof, proptest};

use super::*;
use crate::domain::tag::{Census, Source};

fn change(title: &str, labels: &[&str], body: &str) -> Change {
    Change {
        name: "#1".to_owned(),
        title: title.to_owned(),
        body: body.to_owned(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
    }
}

fn differs(level: Level) -> Vec<Difference> {
    vec![Difference {
        level,
        text: format!("a {level} thing"),
    }]
}

use Level::{Major, Minor, Patch};

/// After 1.4.2: floor | labels | title | trailers, with `;` between lines | the next version, or words of the refusal.
const ROWS: &str = "
patch |                               |                        |                   | 1.4.3
minor |                               |                        |                   | 1.5.0
major |                               |                        |                   | 2.0.0
patch | semver:patch                  |                        |                   | 1.4.3
patch | semver:minor                  |                        |                   | 1.5.0
patch | semver:major                  |                        |                   | 2.0.0
minor | semver:minor                  |                        |                   | 1.5.0
minor | semver:major                  |                        |                   | 2.0.0
major | semver:major                  |                        |                   | 2.0.0
patch | SemVer: Minor                 |                        |                   | 1.5.0
patch | bug, semver:minor, docker     |                        |                   | 1.5.0
patch | semver:none                   |                        |                   | the label semver:none is below the floor patch: a patch thing
minor | semver:patch                  |                        |                   | the label semver:patch is below the floor minor: a minor thing
minor | semver:none                   |                        |                   | the label semver:none is below the floor minor
major | semver:minor                  |                        |                   | the label semver:minor is below the floor major
major | semver:patch                  | feat!: drop a realm    |                   | the label semver:patch is below the floor major
patch | semver:patch, semver:minor    |                        |                   | #1 has 2 labels: semver:patch, semver:minor
patch | semver:minor, x, semver:none  |                        |                   | #1 has 2 labels: semver:minor, semver:none
patch | semver:majr                   |                        |                   | #1 has the label \"semver:majr\"
patch | semver:                       |                        |                   | #1 has the label \"semver:\"
patch | semver                        |                        |                   | 1.4.3
patch |                               | feat: a login theme    |                   | 1.5.0
patch |                               | feat(theme): login     |                   | 1.5.0
patch |                               | Feat: a login theme    |                   | 1.5.0
patch |                               | fix: the login theme   |                   | 1.4.3
patch |                               | feat!: drop a realm    |                   | 2.0.0
patch |                               | chore(deps)!: drop it  |                   | 2.0.0
minor |                               | fix: the login theme   |                   | 1.5.0
major |                               | feat: a login theme    |                   | 2.0.0
patch |                               | docs: the login theme  |                   | 1.4.3
patch |                               | Bump Keycloak          |                   | 1.4.3
patch |                               | feature: a login theme |                   | 1.4.3
patch |                               | feat:a login theme     |                   | 1.4.3
patch |                               | feat(: a login theme   |                   | 1.4.3
patch |                               | feat(): a login theme  |                   | 1.4.3
patch |                               | a feat: login theme    |                   | 1.4.3
patch |                               | !: a login theme       |                   | 1.4.3
patch | semver:patch                  | feat!: drop a realm    |                   | 1.4.3
patch | semver:major                  | fix: the login theme   |                   | 2.0.0
patch |                               |                        | Release-As: 3.0.0 | 3.0.0
patch |                               |                        | Text;;release-as: 1.4.9 | 1.4.9
patch | semver:minor                  |                        | Release-As: 2.0.0;Release-As: 1.9.0 | 2.0.0
minor |                               |                        | Release-As: 1.4.9 | 1.5.0
minor |                               |                        | Release-As: 1.5.0 | 1.5.0
patch |                               |                        | Release-As: 2.0   | 1.4.3
patch |                               |                        | See Release-As: 2.0.0 | 1.4.3
minor | semver:patch                  |                        | Release-As: 9.0.0 | the label semver:patch is below the floor minor
";

#[test]
fn floor_label_title_and_trailer_decide_together() {
    let base = Version::new(1, 4, 2);
    let rows: Vec<&str> = ROWS.trim().lines().collect();
    assert!(rows.len() >= 30);
    for row in rows {
        let cells: Vec<&str> = row.split(" | ").map(str::trim).collect();
        let [floor, labels, title, trailers, wanted] = cells[..] else {
            panic!("{row}");
        };
        let labels: Vec<&str> = labels
            .split(", ")
            .filter(|label| !label.is_empty())
            .collect();
        let differences = differs(Level::of_name(floor).unwrap());
        let found = Wish::of(&[change(title, &labels, &trailers.replace(';', "\n"))])
            .and_then(|wish| next(Before::Differs(&base, &differences), &wish));
        match found {
            Ok(next) => assert_eq!(next.version.to_string(), wanted, "{row}"),
            Err(fault) => {
                assert!(
                    fault.message.starts_with(wanted),
                    "{row}: {}",
                    fault.message
                );
                assert!(fault.hint.ends_with('.'));
            }
        }
    }
}

#[test]
fn the_reason_names_what_decided() {
    let base = Version::new(1, 4, 2);
    let because = |differences: &[Difference], change: Change| {
        let wish = Wish::of(&[change]).unwrap();
        next(Before::Differs(&base, differences), &wish).unwrap()
    };
    let four: Vec<Difference> = (0..4)
        .flat_map(|_| differs(Minor))
        .chain(differs(Patch))
        .collect();
    let cases = [
        (
            because(&four, change("fix: x", &[], "")),
            "a minor thing, a minor thing, a minor thing and 1 more",
        ),
        (
            because(&differs(Patch), change("feat: x", &[], "")),
            "the title of #1",
        ),
        (
            because(&differs(Patch), change("", &["semver:major"], "")),
            "label semver:major of #1",
        ),
        (
            because(&differs(Patch), change("", &[], "Release-As: 2.0.0")),
            "Release-As of #1",
        ),
    ];
    for (next, wanted) in cases {
        assert_eq!(next.because, wanted);
    }
    let small = because(
        &differs(Minor),
        change("", &[], "Release-As: 1.4.3\nRelease-As: new"),
    );
    assert_eq!(small.notes.len(), 2, "{:?}", small.notes);
}

#[test]
fn the_first_release_and_one_without_a_record() {
    let none = Wish::default();
    let first = next(Before::Nothing, &none).unwrap();
    assert_eq!(
        (first.version, first.because.as_str()),
        (Version::new(1, 0, 0), "first release")
    );
    let named = Wish::of(&[change("feat: x", &[], "Release-As: 0.1.0")]).unwrap();
    assert_eq!(
        next(Before::Nothing, &named).unwrap().version,
        Version::new(0, 1, 0)
    );
    let base = Version::new(26, 7, 3);
    let adopted = next(Before::Unrecorded(&base), &none).unwrap();
    assert_eq!(adopted.version, Version::new(26, 8, 0));
    assert!(adopted.because.contains("26.7.3"));
}

#[test]
fn of_several_changes_the_strongest_decides() {
    let wish = |changes: &[Change]| Wish::of(changes).unwrap();
    let patch = change("", &["semver:patch"], "");
    let feat = change("feat: x", &[], "");
    assert_eq!(wish(&[patch.clone(), feat.clone()]).level, Minor);
    assert_eq!(wish(&[patch.clone(), feat]).labelled, None);
    let both = wish(&[patch.clone(), change("", &["semver:minor"], "")]);
    assert_eq!((both.level, both.labelled), (Minor, Some(Minor)));
    // A floor above the labels of all is refused; one that a change without a label may have caused is not.
    let base = Version::new(1, 0, 0);
    let minor = differs(Minor);
    assert!(
        next(
            Before::Differs(&base, &minor),
            &wish(std::slice::from_ref(&patch))
        )
        .is_err()
    );
    let mixed = wish(&[patch, change("Add a jar", &[], "")]);
    assert!(next(Before::Differs(&base, &minor), &mixed).is_ok());
    assert_eq!(wish(&[]), Wish::default());
}

#[test]
fn the_last_version_of_all_has_none_after_it() {
    let last = Version::new(1, 4, u64::MAX);
    assert!(next(Before::Differs(&last, &differs(Patch)), &Wish::default()).is_err());
    assert!(next(Before::Differs(&last, &differs(Minor)), &Wish::default()).is_ok());
}

fn any_version() -> impl Strategy<Value = Version> {
    let number = || prop_oneof![0_u64..4, 0_u64..1_000_000];
    (number(), number(), number()).prop_map(|(x, y, z)| Version::new(x, y, z))
}

proptest! {
    #[test]
    fn the_next_release_is_higher_than_every_one_that_there_is(
        tags in proptest::collection::vec((any_version(), 0_u8..4), 1..40),
        noise in proptest::collection::vec("[a-z0-9.+-]{0,20}", 0..10),
        floor in prop_oneof![Just(Patch), Just(Minor), Just(Major)],
        label in proptest::option::of(prop_oneof![Just("semver:major"), Just("semver:minor")]),
        release_as in proptest::option::of(any_version()),
    ) {
        let mut census = Census::default();
        for tag in &noise {
            census.tag(tag, "keycloak-", Source::Git);
        }
        for (version, source) in &tags {
            match source {
                0 => drop(census.tag(&format!("keycloak-{version}"), "keycloak-", Source::Git)),
                1 => drop(census.tag(&version.to_string(), "", Source::Registry)),
                2 => census.version(version.clone(), Source::Terraform),
                _ => census.version(version.clone(), Source::Adopted),
            }
        }
        let labels: Vec<&str> = label.into_iter().collect();
        let body = release_as.map_or_else(String::new, |version| format!("Release-As: {version}"));
        let wish = Wish::of(&[change("", &labels, &body)]).unwrap();
        let (base, _) = census.base().unwrap();
        let differences = differs(floor);
        if let Ok(next) = next(Before::Differs(base, &differences), &wish) {
            for (version, _) in &tags {
                prop_assert!(next.version > *version);
                // Everybody who sorts tags by their numbers agrees.
                let numbers = |version: &Version| [version.major, version.minor, version.patch];
                prop_assert!(numbers(&next.version) > numbers(version));
            }
            prop_assert!(next.level >= floor);
        } else {
            prop_assert!(label.is_some());
        }
    }

    #[test]
    fn no_text_of_others_breaks_a_decision(title in any::<String>(), label in any::<String>(), body in any::<String>()) {
        let base = Version::new(1, 4, 2);
        let wish = Wish::of(&[change(&title, &[&label], &body)]);
        if wish.is_err() {
            prop_assert!(label.to_lowercase().starts_with("semver:"));
        } else if let Ok(wish) = wish {
            let differences = differs(Patch);
            if let Ok(next) = next(Before::Differs(&base, &differences), &wish) {
                prop_assert!(next.version > base);
                prop_assert!(!next.because.contains('\n'));
            }
        }
    }
}
