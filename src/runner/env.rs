//! The process environment, read once.

use std::collections::BTreeMap;

/// The environment. An empty value is an unset one.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// The environment of this process. Names and values that are not UTF-8 are left out.
    pub fn of_process() -> Self {
        Self::from_pairs(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))
    }

    /// An environment of exactly these variables.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        Self::from_pairs(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    fn from_pairs(pairs: impl Iterator<Item = (String, String)>) -> Self {
        Self(pairs.collect())
    }

    /// The value of a variable, if it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.trim().is_empty())
    }

    /// Names of the variables that are set and start with `prefix`.
    pub fn names_starting_with<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let names = self.0.keys().map(String::as_str);
        names.filter(move |name| name.starts_with(prefix) && self.get(name).is_some())
    }

    /// Names of the variables that start with `prefix` and are empty: to others, the AWS SDK among them, that is a value.
    pub fn empty_ones_starting_with<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = &'a str> {
        let names = self.0.keys().map(String::as_str);
        names.filter(move |name| name.starts_with(prefix) && self.get(name).is_none())
    }

    /// Whether this process is a step of a workflow run: `GITHUB_ACTIONS` is `true`.
    pub fn on_github(&self) -> bool {
        self.get("GITHUB_ACTIONS") == Some("true")
    }
}
