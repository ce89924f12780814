//! Hostile templates end in an error, soon and without much memory.

use super::*;

/// Templates that would take the machine, and what stops them.
const HOSTILE: [(&str, &str); 20] = [
    (
        r#"{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ printf "%s" $d }}"#,
        "200 values",
    ),
    (
        r#"{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ printf "%#v" $d }}"#,
        "200 values",
    ),
    (
        r#"{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ merge $d (dict "d" $d) | toYaml }}"#,
        "200 values",
    ),
    (
        r#"{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ deepEqual (deepCopy (dict)) $d | or (toJson $d) }}"#,
        "200 values",
    ),
    ("{{ until 1000000000 }}", "a million steps"),
    ("{{ range 1000000000 }}x{{ end }}", "a million steps"),
    ("{{ repeat 1000000000 \"x\" }}", "16 MiB"),
    (
        "{{ $x := \"x\" }}{{ range until 64 }}{{ $x = cat $x $x }}{{ end }}",
        "16 MiB",
    ),
    (
        "{{ $x := list 1 }}{{ range until 64 }}{{ $x = list $x $x }}{{ end }}{{ $x }}",
        "a million steps",
    ),
    (
        "{{ $x := list 1 }}{{ range until 64 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}",
        "a million steps",
    ),
    (
        "{{ $x := list 1 }}{{ range until 9999 }}{{ $x = list $x }}{{ end }}{{ $x }}",
        "200 values",
    ),
    (
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $d }}",
        "200 values",
    ),
    (
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ deepCopy $d }}",
        "200 values",
    ),
    (
        "{{ define \"r\" }}{{ template \"r\" }}{{ end }}{{ template \"r\" }}",
        "200 levels",
    ),
    (
        "{{ printf \"%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d\
      %999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d\" 1 1 1 1 1 1 1 1 1 \
      1 1 1 1 1 1 1 1 1 }}",
        "16 MiB",
    ),
    (
        "{{ $x := repeat 100000 \"ab\" }}{{ replace \"a\" $x $x }}",
        "16 MiB",
    ),
    (
        "{{ $x := repeat 100000 \"a\" }}{{ regexReplaceAll \"a\" $x $x }}",
        "16 MiB",
    ),
    ("{{ indent 1000000000 \"x\" }}", "16 MiB"),
    (
        "{{ range until 999 }}{{ $x := repeat 9999 \"x\" }}{{ $x }}{{ end }}",
        "2 MiB of text",
    ),
    (
        "{{ define \"a\" }}{{ range until 9 }}{{ template \"a\" }}{{ end }}{{ end }}{{ template \"a\" }}",
        "200 levels",
    ),
];

#[test]
fn hostile_templates_end_at_a_limit() {
    for (template, limit) in HOSTILE {
        let error = rendered(template).unwrap_err();
        assert!(
            matches!(error, TemplateError::Limit { .. }) && error.to_string().contains(limit),
            "{template}: {error}"
        );
    }
}

#[test]
fn nesting_of_the_syntax_has_a_limit() {
    let deep = [
        format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000)),
        "{{ if true }}".repeat(5000) + &"{{ end }}".repeat(5000),
        "{{ if true }}{{ else }}".repeat(5000),
        "{{ if true }}".to_owned() + &"{{ else if true }}".repeat(5000) + "{{ end }}",
    ];
    for template in deep {
        let error = rendered(&template).unwrap_err();
        assert!(error.to_string().contains("64 levels"), "{error}");
    }
}

#[test]
fn texts_as_templates_stop_at_three() {
    let inner = r#"{{ tpl .self . }}"#;
    let mut params = params();
    params.insert("self".to_owned(), Data::Text(inner.to_owned()));
    let error = render(inner, &params, MissingKey::Default).unwrap_err();
    assert!(error.to_string().contains("more than 3"), "{error}");
}

#[test]
fn chance_and_time_are_refused_by_name() {
    for function in ["now", "uuidv4", "genCA \"x\" 1", "randAlphaNum 5"] {
        let error = rendered(&format!("a\n{{{{ {function} }}}}")).unwrap_err();
        let name = function.split(' ').next().unwrap();
        assert_eq!(
            error,
            TemplateError::Unstable {
                line: 2,
                function: name.to_owned()
            }
        );
    }
    // Only where they are called.
    assert_eq!(rendered("{{ if false }}{{ now }}{{ end }}x").unwrap(), "x");
}
