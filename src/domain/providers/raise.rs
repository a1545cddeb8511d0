//! Newer versions in the text of `providers.yml`.

use crate::domain::coordinates::Coordinates;

/// The manifest's text with other versions under `resolve` and `providers`; comments and order stay.
pub fn raised(text: &str, newer: &[(Coordinates, String)]) -> String {
    let mut of_versions = false;
    let mut line_of = |line: &str| {
        if line.starts_with(|first: char| first.is_ascii_alphabetic() || "\"'{".contains(first)) {
            let key = line.trim_start_matches(['{', ' ', '"', '\'']);
            of_versions = line.starts_with('{')
                || ["resolve", "providers"]
                    .iter()
                    .any(|known| key.starts_with(known));
        }
        let comment = line.starts_with('#').then_some(0);
        let comment = comment.or_else(|| line.find(" #").or_else(|| line.find("\t#")));
        let (value, comment) = line.split_at(comment.unwrap_or(line.len()));
        if of_versions {
            newer.iter().fold(value.to_owned(), at_version) + comment
        } else {
            line.to_owned()
        }
    };
    text.split('\n')
        .map(&mut line_of)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A text in which coordinates, where they stand by themselves, have another version.
fn at_version(text: String, (jar, version): &(Coordinates, String)) -> String {
    let of_a_name = |c: char| c.is_ascii_alphanumeric() || ":._-".contains(c);
    let (old, new) = (jar.to_string(), jar.at(version).to_string());
    let mut parts = text.split(&old);
    let mut raised = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let alone = !raised.ends_with(of_a_name) && !part.starts_with(of_a_name);
        raised += if alone { &new } else { &old };
        raised += part;
    }
    raised
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_raised_in_place() {
        let text = "# g:a:1 is old\nproviders:\n  - g:a:1 # because\n  - \"g:a-b:1\"\n  - g:a:1:linux\nresolve: [g:b:1]\n";
        let newer = ["g:a:1", "g:a-b:1"].map(|name| (name.parse().unwrap(), "2".to_owned()));
        let wanted = "# g:a:1 is old\nproviders:\n  - g:a:2 # because\n  - \"g:a-b:2\"\n  - g:a:1:linux\nresolve: [g:b:1]\n";
        assert_eq!(raised(text, &newer), wanted);
    }

    #[test]
    fn versions_are_raised_in_lists_of_one_line_too() {
        let text = "resolve: [ h:x:1, 'g:a:1','g:b:1' ] # not g:a:1\nproviders: [\n  g:a-b:1]\nexclude:\n- artifact: h:*\n  reason: g:a:1 has it\n";
        let newer =
            ["g:a:1", "g:b:1", "g:a-b:1"].map(|name| (name.parse().unwrap(), "2".to_owned()));
        let wanted = "resolve: [ h:x:1, 'g:a:2','g:b:2' ] # not g:a:1\nproviders: [\n  g:a-b:2]\nexclude:\n- artifact: h:*\n  reason: g:a:1 has it\n";
        assert_eq!(raised(text, &newer), wanted);
        let all = raised("{providers: [g:a:1]}", &newer);
        assert_eq!(all, "{providers: [g:a:2]}");
    }
}
