//! Names as people write them.

/// `java/lang/String` as `java.lang.String`; arrays by their element.
pub(super) fn class(name: &str) -> String {
    element(name).replace('/', ".")
}

/// The class that an array is of, or the class itself; nothing of arrays of numbers.
pub(super) fn element(name: &str) -> &str {
    let Some(array) = name.strip_prefix('[') else {
        return name;
    };
    let inner = array.trim_start_matches('[');
    inner
        .strip_prefix('L')
        .and_then(|name| name.strip_suffix(';'))
        .unwrap_or("")
}

/// `org.keycloak.Cors.allowed(AccessToken): Cors`: owner in full, types by their short names.
pub(super) fn member(owner: &str, name: &str, descriptor: &str) -> String {
    let mut types = Vec::new();
    let (inner, result) = descriptor
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .map_or(("", descriptor), |(inner, result)| (inner, result));
    let mut rest = inner;
    while let Some((named, after)) = first_type(rest) {
        types.push(named);
        rest = after;
    }
    let result = first_type(result).map_or(String::new(), |(named, _)| named);
    let owner_name = class(owner);
    match (descriptor.starts_with('('), name) {
        (true, "<init>") => format!("{owner_name}({})", types.join(", ")),
        (true, _) => format!("{owner_name}.{name}({}): {result}", types.join(", ")),
        (false, _) => format!("{owner_name}.{name}: {result}"),
    }
}

/// The first type of a descriptor, by its short name, and what follows it.
fn first_type(descriptor: &str) -> Option<(String, &str)> {
    let inner = descriptor.trim_start_matches('[');
    let arrays = "[]".repeat(descriptor.len() - inner.len());
    let (named, rest) = match inner.strip_prefix('L') {
        Some(class) => {
            let (class, rest) = class.split_once(';')?;
            (class.rsplit(['/', '$']).next()?, rest)
        }
        None => {
            let named = match inner.chars().next()? {
                'B' => "byte",
                'C' => "char",
                'D' => "double",
                'F' => "float",
                'I' => "int",
                'J' => "long",
                'S' => "short",
                'Z' => "boolean",
                'V' => "void",
                _ => return None,
            };
            (named, &inner[1..])
        }
    };
    Some((format!("{named}{arrays}"), rest))
}

/// The package of a class, without its last slash.
pub(super) fn package(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(package, _)| package)
}

/// The first two parts of a package, by which code of one origin is told from other code in the same jar.
pub(super) fn origin(name: &str) -> &str {
    let package = package(name);
    let mut ends = package.match_indices('/').map(|(at, _)| at);
    let _first = ends.next();
    ends.next().map_or(package, |end| &package[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_shown_as_people_write_them() {
        let shown = member(
            "org/k/Cors",
            "allowed",
            "(Lorg/k/Token;[I[[Ljava/lang/String;J)Lorg/k/Cors$Of;",
        );
        assert_eq!(
            shown,
            "org.k.Cors.allowed(Token, int[], String[][], long): Of"
        );
        assert_eq!(member("a/B", "<init>", "(Z)V"), "a.B(boolean)");
        assert_eq!(member("a/B", "F", "La/C;"), "a.B.F: C");
        assert_eq!(member("a/B", "m", "(L"), "a.B.m(): ");
        assert_eq!(class("[[La/B;"), "a.B");
        assert_eq!(element("[I"), "");
    }

    #[test]
    fn an_origin_has_two_parts() {
        assert_eq!(origin("io/phasetwo/keycloak/A"), "io/phasetwo");
        assert_eq!(origin("io/phasetwo/A"), "io/phasetwo");
        assert_eq!(origin("single/A"), "single");
        assert_eq!(origin("A"), "");
    }
}
