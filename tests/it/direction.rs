//! Who may use whom: `domain` nothing of the rest but errors, actions never each other, only `runner` prints.

use std::path::{Path, PathBuf};

use crate::support::repository;

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Whether the file is a module that its folder has for tests alone.
fn is_test_module(path: &Path) -> bool {
    let parent = std::fs::read_to_string(path.with_file_name("mod.rs")).unwrap_or_default();
    let name = path.file_stem().unwrap().to_str().unwrap();
    parent.contains(&format!("#[cfg(test)]\nmod {name};"))
}

/// Lines of code that are neither comments nor in the test module at the end of the file.
fn code(path: &Path) -> Vec<String> {
    if is_test_module(path) {
        return Vec::new();
    }
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .take_while(|line| !line.contains("#[cfg(test)]"))
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(str::to_owned)
        .collect()
}

fn forbid(folder: &str, words: &[&str], allowed: impl Fn(&Path) -> bool) {
    let root = repository().join(folder);
    for path in sources(&root) {
        if allowed(path.strip_prefix(repository()).unwrap()) {
            continue;
        }
        for line in code(&path) {
            for word in words {
                assert!(
                    !line.contains(word),
                    "{} uses {word}: {line}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn domain_is_pure() {
    let words = [
        "tokio",
        "aws_",
        "octocrab",
        "reqwest",
        "std::env",
        "std::fs",
        "std::process",
        "SystemTime",
        "Instant",
        "crate::action",
        "crate::aws",
        "crate::github",
        "crate::http",
        "crate::process",
        "crate::runner",
        "crate::clock",
    ];
    forbid("src/domain", &words, |_| false);
}

#[test]
fn actions_do_not_use_each_other() {
    for entry in std::fs::read_dir(repository().join("src/actions")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let own = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for path in sources(&folder) {
            for line in code(&path) {
                for (at, found) in line.match_indices("actions::") {
                    let used = &line[at + found.len()..];
                    assert!(used.starts_with(&own), "{}: {line}", path.display());
                }
            }
        }
    }
}

#[test]
fn only_the_runner_prints_and_reads_the_environment() {
    let words = [
        "println!",
        "eprintln!",
        "print!(",
        "io::stdout",
        "io::stderr",
        "std::env::var",
        "GITHUB_OUTPUT",
        "\"::error",
    ];
    forbid("src", &words, |path| path.starts_with("src/runner"));
}

#[test]
fn no_source_file_is_longer_than_400_lines() {
    for folder in ["src", "tests"] {
        for path in sources(&repository().join(folder)) {
            let lines = std::fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= 400, "{} has {lines} lines", path.display());
        }
    }
}
