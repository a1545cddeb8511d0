//! The checks of `verify`, in words: for `explain`, the README and the names in `allow`.

use std::fmt::Write as _;

/// A check.
pub(super) struct Check {
    pub(super) name: &'static str,
    /// What it finds.
    finds: &'static str,
    /// What happens to whoever ignores it.
    why: &'static str,
    remedy: &'static str,
    /// Whether `allow` may make a note of its findings. What says that the files are not the locked ones stays an error.
    pub(super) can_be_allowed: bool,
}

const fn check(
    name: &'static str,
    finds: &'static str,
    why: &'static str,
    remedy: &'static str,
) -> Check {
    Check {
        name,
        finds,
        why,
        remedy,
        can_be_allowed: true,
    }
}

const fn of_the_lock(
    name: &'static str,
    finds: &'static str,
    why: &'static str,
    remedy: &'static str,
) -> Check {
    Check {
        can_be_allowed: false,
        ..check(name, finds, why, remedy)
    }
}

pub(super) const ALL: [Check; 21] = [
    of_the_lock(
        "lock-drift",
        "a lock that was made for another `providers.yml` or another Keycloak",
        "What is reviewed is not what gets into the image.",
        "Run `verify-providers --operation lock` and commit the lock.",
    ),
    of_the_lock(
        "missing",
        "a jar that is in the lock and not in the folder",
        "Keycloak starts without the provider, and says nothing.",
        "Run `verify-providers --operation fetch`.",
    ),
    of_the_lock(
        "changed",
        "a jar with another SHA-256 or size than the lock has",
        "Somebody or something exchanged the file.",
        "Remove the file, fetch again, and find out who changed it.",
    ),
    of_the_lock(
        "unlisted",
        "a file that is in the folder and not in the lock",
        "Keycloak loads it; nobody has reviewed it.",
        "Remove it, or add it to `providers.yml` and lock again.",
    ),
    check(
        "no-jar",
        "a file that is no jar, or whose name does not end in `.jar`: a web page, a pointer of Git LFS, a `.zip`, a folder, a link",
        "Keycloak ignores it without a word, or its build stops.",
        "Put the jar itself there.",
    ),
    check(
        "file-name",
        "names with characters that look like others, or that differ in case alone",
        "One jar can pass for another in a review.",
        "Name the file with letters, digits, dots, hyphens and underscores.",
    ),
    check(
        "archive",
        "a jar with an entry twice, with names that leave its folder, are absolute or have a backslash or NUL, with encryption, with bytes around it, with entries that share bytes, or that unpacks to far more than it is",
        "Tools disagree on what is in it: a scanner sees other classes than Keycloak does.",
        "Build the jar again with the tools of the JDK.",
    ),
    check(
        "java-version",
        "classes for a newer Java than the one of Keycloak's image",
        "`UnsupportedClassVersionError` at the build, or when the class is first used.",
        "Take a version that was built for that Java or an older one.",
    ),
    check(
        "two-versions",
        "two versions of one artifact",
        "Which of them is loaded is not defined; Liquibase stops the start.",
        "Keep one.",
    ),
    check(
        "signature",
        "a signed jar that is not what was signed, or has classes that its signature does not cover; of parts of a signature around unchanged content, a note",
        "Somebody changed it after its makers published it; Keycloak does not look.",
        "Take the jar as its makers published it.",
    ),
    check(
        "built-for",
        "a provider whose POM names another minor version of Keycloak (a note)",
        "What it was tested with is not what it runs in.",
        "Look for a release of it for this Keycloak.",
    ),
    check(
        "unknown-origin",
        "a jar of which neither a lock nor a `pom.properties` in it says what it is (a note)",
        "No scanner finds advisories for it.",
        "List it in `providers.yml`.",
    ),
    check(
        "file-time",
        "a jar whose time has a fraction of a second (a note)",
        "\"A provider JAR was updated since the last build\" at the start of the image, unless the Dockerfile sets the times, as ours does.",
        "Run `verify-providers --operation fetch`, or `touch` the jars before `kc.sh build`.",
    ),
    check(
        "same-class",
        "a class that two jars have",
        "Which of them is loaded is not defined.",
        "Keep one of the two jars.",
    ),
    check(
        "shadows-keycloak",
        "classes that Keycloak has in its own `lib/`; of a library that is byte for byte Keycloak's it is a note",
        "A jar in `providers/` wins over `lib/` without a word: Keycloak runs with another library than it was tested with.",
        "Move the module to `exclude` in `providers.yml`.",
    ),
    check(
        "resources",
        "`META-INF/persistence.xml`, one theme file in two jars, files that Keycloak reads as its own configuration (a note)",
        "The build stops, a theme is a mixture of two, or a jar changes settings.",
        "Take the file out of the jar, or rename the theme.",
    ),
    check(
        "services",
        "files of `META-INF/services` that name classes which are not there or do not implement the interface, or an interface that Keycloak does not know",
        "`ServiceConfigurationError` at the build, or a provider that is never offered.",
        "Take a version of the provider that was built for this Keycloak.",
    ),
    check(
        "linkage",
        "a class, method or field that reachable code needs and that is not there or does not fit; see docs/linkage.md",
        "A request fails, often each login, long after build and start have passed.",
        "Take a version of the provider that was built for this Keycloak.",
    ),
    check(
        "java-ee",
        "Java EE's classes by their names from before Jakarta EE 9",
        "The provider builds and starts, and fails when it is called.",
        "Take a version that was built for Keycloak 22 or newer.",
    ),
    check(
        "entity",
        "an entity of JPA with the name of one of Keycloak's, or of another jar's",
        "Keycloak does not start, whether a provider lists the entity or not.",
        "Name it with a prefix: `@Entity(name = \"…\")`.",
    ),
    check(
        "internal-spi",
        "extension points that Keycloak calls internal (a note)",
        "They change without notice.",
        "Check the jar against the next version before an upgrade.",
    ),
];

/// The check of that name.
pub(super) fn find(name: &str) -> Option<&'static Check> {
    ALL.iter().find(|check| check.name == name)
}

/// The names of all checks.
pub(super) fn names() -> String {
    ALL.map(|check| check.name).join(", ")
}

/// What `explain` says of a check.
pub(super) fn explained(check: &Check) -> String {
    let Check {
        name,
        finds,
        why,
        remedy,
        can_be_allowed,
    } = check;
    let allow = if *can_be_allowed {
        format!(
            "To accept a finding for a while, add it to `allow` in providers.yml:\n  allow:\n    - check: {name}\n      match: <a text of the finding>\n      reason: <why>\n      until: <a day, such as 2027-01-31>"
        )
    } else {
        "It cannot be allowed.".to_owned()
    };
    format!("{name} finds {finds}.\n{why}\n{remedy}\n{allow}")
}

/// All checks, as the table of the README.
pub fn table() -> String {
    let mut text = "| Check | Finds | Otherwise |\n|---|---|---|\n".to_owned();
    for check in &ALL {
        let Check {
            name, finds, why, ..
        } = check;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| `{name}` | {finds} | {why} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_found() {
        for check in &ALL {
            let found = find(check.name).unwrap();
            assert_eq!(found.finds, check.finds, "{} is there twice", check.name);
            assert!(explained(check).contains(check.remedy));
        }
        assert!(find("V6").is_none());
    }
}
