//! Patterns of `branches`, `tags` and `paths`.
//!
//! Source: "Workflow syntax for GitHub Actions", filter pattern cheat sheet, November 2026.

/// Whether a list of patterns lets `text` through: the last pattern that matches decides, `!` in front excludes.
pub fn includes(patterns: &[String], text: &str) -> bool {
    let mut included = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(excluded) if matches(excluded, text) => included = false,
            None if matches(pattern, text) => included = true,
            _ => {}
        }
    }
    included
}

/// Whether a `…-ignore` list ignores `text`.
pub fn ignores(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, text))
}

/// Whether the whole of `text` matches one pattern.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    here(&pattern, &text)
}

fn here(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', '*', '/', rest @ ..] => {
            here(rest, text)
                || (0..text.len()).any(|at| text[at] == '/' && here(rest, &text[at + 1..]))
        }
        ['*', '*', rest @ ..] => (0..=text.len()).any(|at| here(rest, &text[at..])),
        ['*', rest @ ..] => {
            let segment = text.iter().position(|c| *c == '/').unwrap_or(text.len());
            (0..=segment).any(|at| here(rest, &text[at..]))
        }
        _ => {
            let (one, rest) = single(pattern);
            let fits = |text: &[char]| text.first().is_some_and(|c| one.fits(*c));
            match rest {
                ['?', rest @ ..] => here(rest, text) || (fits(text) && here(rest, &text[1..])),
                ['+', rest @ ..] => {
                    let run = text.iter().take_while(|c| one.fits(**c)).count();
                    (1..=run).any(|at| here(rest, &text[at..]))
                }
                rest => fits(text) && here(rest, &text[1..]),
            }
        }
    }
}

/// What stands for one character.
enum Single<'a> {
    Literal(char),
    Class(&'a [char]),
}

impl Single<'_> {
    fn fits(&self, c: char) -> bool {
        let mut class: &[char] = match self {
            Self::Literal(literal) => return *literal == c,
            Self::Class(class) => class,
        };
        while let [first, rest @ ..] = class {
            class = match rest {
                ['-', to, ..] if (*first..=*to).contains(&c) => return true,
                ['-', _, rest @ ..] => rest,
                _ if *first == c => return true,
                rest => rest,
            };
        }
        false
    }
}

fn single(pattern: &[char]) -> (Single<'_>, &[char]) {
    match pattern {
        ['\\', c, rest @ ..] => (Single::Literal(*c), rest),
        ['[', rest @ ..] if rest.contains(&']') => {
            let end = rest.iter().position(|c| *c == ']').unwrap_or_default();
            (Single::Class(&rest[..end]), &rest[end + 1..])
        }
        [c, rest @ ..] => (Single::Literal(*c), rest),
        [] => (Single::Class(&[]), &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_the_documentation() {
        for (pattern, text, expected) in [
            ("feature/*", "feature/my-branch", true),
            ("feature/*", "feature/beta-a/my-branch", false),
            ("feature/**", "feature/beta-a/my-branch", true),
            ("main", "main", true),
            ("*", "releases", true),
            ("*", "all/the/branches", false),
            ("**", "all/the/branches", true),
            ("*feature", "mona-feature", true),
            ("v2*", "v2.9", true),
            ("v[12].[0-9]+.[0-9]+", "v1.10.1", true),
            ("v[12].[0-9]+.[0-9]+", "v3.0.0", false),
            ("*.jsx?", "page.js", true),
            ("*.jsx?", "page.jsx", true),
            ("**.js", "src/js/app.js", true),
            ("docs/*", "docs/README.md", true),
            ("docs/*", "docs/mona/octocat.txt", false),
            ("docs/**/*.md", "docs/README.md", true),
            ("docs/**/*.md", "docs/a/markdown/file.md", true),
            ("**/docs/**", "dir/docs/my-file.txt", true),
            ("**/docs/**", "docs/hello.md", true),
            ("**/*-post.md", "path/their-post.md", true),
            ("**/migrate-*.sql", "db/migrate-v1.0.sql", true),
            ("docker/**", "docker/providers.yml", true),
            (
                "terraform/environments/*/image.auto.tfvars",
                "terraform/environments/production/image.auto.tfvars",
                true,
            ),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        let patterns = [
            "*.md".to_owned(),
            "!README.md".to_owned(),
            "README*".to_owned(),
        ];
        assert!(includes(&patterns, "hello.md"));
        assert!(includes(&patterns, "README.md"));
        assert!(!includes(&patterns[..2], "README.md"));
        assert!(!includes(&patterns, "docs/hello.md"));
        assert!(ignores(&patterns[..1], "README.md"));
    }
}
