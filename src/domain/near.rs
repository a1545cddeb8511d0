//! Names that somebody may have meant.

use crate::error::Result;

/// Up to three of `names` that resemble `wanted`, the nearest first; none where none does.
pub fn near<'a>(wanted: &str, names: &'a [String]) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let close = wanted.chars().count() / 2;
    let mut ranked: Vec<(usize, &str)> = names
        .iter()
        .map(|name| (name.to_lowercase(), name.as_str()))
        .map(|(lower, name)| {
            let part = lower.contains(&wanted) || wanted.contains(&lower);
            (distance(&wanted, &lower), part, name)
        })
        .filter(|(edits, part, _)| *part || *edits <= close)
        .map(|(edits, _, name)| (edits, name))
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().take(3).map(|(_, name)| name).collect()
}

/// The next step where a name is not there: what is there instead, if one may know.
pub fn instead(wanted: &str, kind: &str, names: Result<Vec<String>>) -> String {
    match names {
        Ok(names) if names.is_empty() => {
            format!("There are no {kind}: check the account and the region.")
        }
        Ok(names) => match near(wanted, &names).as_slice() {
            [] => {
                let some: Vec<&str> = names.iter().take(5).map(String::as_str).collect();
                format!("The {kind} there: {}.", some.join(", "))
            }
            near => format!("Did you mean {}?", near.join(" or ")),
        },
        Err(_) => "Check the name, the account and the region.".to_owned(),
    }
}

/// The number of single-character edits between two texts (Levenshtein).
pub fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, left) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (to, right) in other.iter().enumerate() {
            let change = diagonal + usize::from(left != *right);
            diagonal = row[to + 1];
            row[to + 1] = change.min(diagonal + 1).min(row[to] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_has_near_names() {
        let names = ["keycloak", "keycloak-staging", "billing"].map(str::to_owned);
        assert_eq!(near("keyclaok", &names), ["keycloak"]);
        assert_eq!(near("Keycloak", &names), ["keycloak", "keycloak-staging"]);
        assert_eq!(near("staging", &names), ["keycloak-staging"]);
        assert!(near("zzzzzz", &names).is_empty());
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
