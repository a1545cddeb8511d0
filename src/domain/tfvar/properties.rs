//! Properties of the edit over generated files.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Assignment, edit, read};

/// A piece of a file that means something of its own; `{nl}` is the line end.
fn filler(at: usize) -> impl Strategy<Value = String> {
    let name = format!("filler_{at}");
    prop_oneof![
        Just("{nl}".to_owned()),
        "[ -~&&[^\\r\\n]]{0,20}".prop_map(|text| format!("# {text}{{nl}}")),
        "[a-z äö\"{}$]{0,20}".prop_map(|text| format!("/* {text}{{nl}} {text} */{{nl}}")),
        "[a-z0-9.\\-]{0,12}".prop_map({
            let name = name.clone();
            move |text| format!("{name}\t=  \"{text}\" // {text}{{nl}}")
        }),
        (any::<u32>(), any::<bool>()).prop_map({
            let name = name.clone();
            move |(number, flag)| format!("{name} = [{number}, {flag}, null]{{nl}}")
        }),
        "[a-z =\"]{0,20}".prop_map({
            let name = name.clone();
            move |text| format!("{name} = <<-EOT{{nl}}  target = \"{text}{{nl}}EOT{{nl}}")
        }),
        // No keyword begins with k: `{ for = … }` is no object.
        "k[a-z]{0,7}".prop_map({
            let name = name.clone();
            move |text| {
                format!("{name} = {{{{nl}}  {text} = \"a\"{{nl}}  \"{text}.x\" : upper(\"{text}\"),{{nl}}}}{{nl}}")
            }
        }),
        "k[a-z]{0,7}".prop_map(move |text| {
            format!("block_{text} \"{name}\" {{{{nl}}  default = \"${{var.{text}}}-%{{ if a }}b%{{ endif }}\"{{nl}}}}{{nl}}")
        }),
    ]
}

fn fillers() -> impl Strategy<Value = Vec<String>> {
    (0_usize..5).prop_flat_map(|count| (0..count).map(filler).collect::<Vec<_>>())
}

/// A text as it may stand between quotes.
fn old_text() -> impl Strategy<Value = String> {
    vec(
        prop_oneof![
            "[a-zA-Z0-9.:äß✓ #/=,\\-]{1,6}",
            Just("\\\"".to_owned()),
            Just("\\\\".to_owned()),
            Just("\\u00e4".to_owned()),
            Just("$${x}".to_owned()),
        ],
        0..4,
    )
    .prop_map(|parts| parts.concat())
}

/// Where the value is, as file name, address, text before and text behind.
fn place() -> impl Strategy<Value = (&'static str, &'static str, &'static str, &'static str)> {
    prop_oneof![
        Just(("a.auto.tfvars", "target", "target = ", "")),
        Just(("a.tfvars", "target", "target\t=/* \"x\" */\t", "  # \"x\"")),
        Just((
            "a.tfvars",
            "target.key",
            "target = { other = 1, key = ",
            " }"
        )),
        Just((
            "a.tfvars",
            "target.\"k.e\".y",
            "target = {{nl}  \"k.e\" = {{nl} y : ",
            " // z{nl} },{nl}}"
        )),
        Just((
            "v.tf",
            "target",
            "variable \"target\" {{nl}\ttype = string{nl}\tdefault = ",
            "{nl}}"
        )),
        Just(("v.tf", "target", "variable target { default = ", " }")),
        Just((
            "v.tf",
            "target.key",
            "variable \"target\" {{nl}  default = {{nl}  (\"key\") = ",
            "{nl}  }{nl}}"
        )),
    ]
}

proptest! {
    #![proptest_config(crate::domain::tries(512))]

    #[test]
    fn the_diff_is_the_value_and_nothing_else(
        (file, address, before, behind) in place(),
        head in fillers(),
        old in old_text(),
        new in "[ -~&&[^$%]]{1,30}|[a-zäß✓]{1,10}",
        tail in fillers(),
        crlf in any::<bool>(),
        mark in any::<bool>(),
        final_newline in any::<bool>(),
    ) {
        let line_end = if crlf { "\r\n" } else { "\n" };
        let tail: Vec<String> = tail.iter().map(|text| text.replace("filler_", "tail_")).collect();
        let last = if final_newline || !tail.is_empty() { "{nl}" } else { "" };
        let expand = |text: String| text.replace("{nl}", line_end);
        let head = format!(
            "{}{}",
            if mark { "\u{feff}" } else { "" },
            expand(format!("{}{before}", head.concat()))
        );
        let tail = expand(format!("{behind}{last}{}", tail.concat()));
        let text = format!("{head}\"{old}\"{tail}");
        let wanted: Assignment = format!("{address}={}", super::edit::literal(&new)).parse().unwrap();

        let edited = edit(file, text.as_bytes(), std::slice::from_ref(&wanted)).unwrap();
        let result = String::from_utf8(edited.bytes.clone()).unwrap();
        if edited.is_change() {
            prop_assert!(result.starts_with(&head), "{result}");
            prop_assert!(result.ends_with(&tail), "{result}");
            prop_assert_eq!(result.len(), head.len() + super::edit::literal(&new).len() + tail.len());
        } else {
            prop_assert_eq!(&result, &text);
        }
        let value = read(file, &edited.bytes, std::slice::from_ref(&wanted.address)).unwrap();
        prop_assert_eq!(value, [new]);
        let again = edit(file, &edited.bytes, &[wanted]).unwrap();
        prop_assert!(!again.is_change());
    }

    #[test]
    fn no_input_makes_it_panic(text in "[a-z\"{}=\\[\\]<>\\-$%#/*.\\\\\\r\\n ]{0,80}") {
        let wanted: Assignment = "a=1".parse().unwrap();
        for file in ["a.tf", "a.tfvars"] {
            if let Ok(edited) = edit(file, text.as_bytes(), std::slice::from_ref(&wanted)) {
                prop_assert!(edited.bytes.len() + 40 > text.len());
            }
        }
    }
}
