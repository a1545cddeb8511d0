//! Reading `providers.lock`.

use serde::Deserialize;

use crate::domain::providers::{FORMAT, Lock};
use crate::error::{Error, Result};
use crate::yaml;

/// What a lock of any version has.
#[derive(Deserialize)]
#[serde(expecting = "the keys of a lock: `version`, `keycloak`, `providers`")]
struct Versioned {
    version: u32,
}

/// Reads the text of a lock file. The version comes first: of another version nothing else can be judged.
pub(crate) fn read(text: &str, file: &str) -> Result<Lock> {
    let refused = |fault: String, word: &str| {
        let line = text
            .lines()
            .position(|line| line.contains(word))
            .map(|at| at + 1);
        Error::usage(format!("{file}: {fault}")).at(file, line)
    };
    let anew = |error: Error| error.hint("Write it anew: verify-providers --operation lock");
    let Versioned { version } = yaml::read(text, file).map_err(anew)?;
    if version != FORMAT {
        let fault = format!("it has the version {version}, and this release knows only {FORMAT}");
        return Err(anew(refused(fault, "version:")));
    }
    let lock: Lock = yaml::read(text, file).map_err(anew)?;
    match lock.fault() {
        None => Ok(lock),
        Some((fault, word)) => Err(anew(refused(fault, &word))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_of_another_make_is_refused_with_its_line() {
        let jar = "- file: a-1.jar\n  purl: pkg:maven/g/a@1\n  sha256: HASH\n  size: 1\n  origin: maven-central\n".replace("HASH", &"a".repeat(64));
        let head = "version: 1\nkeycloak: 26.7.5\nproviders:\n";
        assert!(read(&format!("{head}{jar}"), "x.lock").is_ok());
        for (text, line, words) in [
            ("version: 2\nmore: x\n".to_owned(), Some(1), "knows only 1"),
            (
                format!("{head}{}", jar.replace("size", "weight")),
                Some(7),
                "no key `weight`",
            ),
            (
                format!("{head}{}", jar.replace("a-1.jar", "../a-1.jar")),
                Some(4),
                "damaged",
            ),
            (format!("{head}{jar}{jar}"), Some(4), "twice"),
            (
                "providers: []\n".to_owned(),
                None,
                "the key `version` is missing",
            ),
        ] {
            let error = read(&text, "x.lock").unwrap_err();
            assert!(error.message().contains(words), "{error}");
            if line.is_some() {
                assert_eq!(error.place().unwrap().line, line, "{error}");
            }
        }
    }
}
