//! What Helm cannot show: the other options for missing keys, lists and maps of texts, and the
//! controller's own functions. The expectations are what Go 1.26 with Sprig 3.3 gave.

use super::*;

fn typed() -> BTreeMap<String, Data> {
    let texts = ["apps", "prod", "web"].map(str::to_owned).to_vec();
    let labels = [("env", "prod"), ("a/b", "c")];
    let mut params = params();
    params.insert("texts".to_owned(), Data::Texts(texts));
    params.insert(
        "labels".to_owned(),
        Data::TextMap(
            labels
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        ),
    );
    params
}

/// Template, and what it gives by default, with zero values and with errors; `None` fails.
type Row = (
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
    Option<&'static str>,
);

const ROWS: &[Row] = &[
    (
        "{{ .missing }}",
        Some("<no value>"),
        Some("<no value>"),
        None,
    ),
    ("{{ .missing.deeper }}", Some("<no value>"), None, None),
    (
        "{{ .m.missing }}",
        Some("<no value>"),
        Some("<no value>"),
        None,
    ),
    ("{{ .m.missing.deeper }}", Some("<no value>"), None, None),
    (
        "{{ .list }} {{ .m }} {{ .mixed }} {{ .labels }} {{ .texts }} {{ .empty }} {{ .el }}",
        Some(
            "[b a c a] map[k:v num:7 x:map[l:[1 map[w:q]] y:deep] z2:<nil>] [a 1 true <nil> map[q:1] [1 2]] map[a/b:c env:prod] [apps prod web] map[] []",
        ),
        Some(
            "[b a c a] map[k:v num:7 x:map[l:[1 map[w:q]] y:deep] z2:<nil>] [a 1 true <nil> map[q:1] [1 2]] map[a/b:c env:prod] [apps prod web] map[] []",
        ),
        Some(
            "[b a c a] map[k:v num:7 x:map[l:[1 map[w:q]] y:deep] z2:<nil>] [a 1 true <nil> map[q:1] [1 2]] map[a/b:c env:prod] [apps prod web] map[] []",
        ),
    ),
    (
        "{{ .labels.env }} {{ .labels.none }}",
        Some("prod <no value>"),
        Some("prod "),
        None,
    ),
    ("{{ .labels.none.x }}", Some("<no value>"), None, None),
    (
        "{{with .missing}}x{{else}}none{{end}}",
        Some("none"),
        Some("none"),
        None,
    ),
    (
        "{{with .missing}}x{{else with .m}}{{.k}}{{else}}none{{end}}",
        Some("v"),
        Some("v"),
        None,
    ),
    (
        "{{range .missing}}x{{else}}empty{{end}}",
        Some("empty"),
        Some("empty"),
        None,
    ),
    (
        "{{ .a | quote }} {{ quote .a .n .missing .nul }} {{ squote .a .n .nul .list }}",
        Some("\"text\" \"text\" \"3\" 'text' '3' '[b a c a]'"),
        Some("\"text\" \"text\" \"3\" 'text' '3' '[b a c a]'"),
        None,
    ),
    (
        "{{ index .labels \"none\" }}|{{ index .labels \"env\" }}",
        Some("|prod"),
        Some("|prod"),
        Some("|prod"),
    ),
    (
        "{{ eq .missing \"x\" }} {{ eq .missing nil }} {{ eq .nul nil }} {{ ne .nul nil }}",
        Some("false true true false"),
        Some("false true true false"),
        None,
    ),
    (
        "{{ printf \"%v %T %v\" .nul .m .missing }}",
        Some("<nil> map[string]interface {} <nil>"),
        Some("<nil> map[string]interface {} <nil>"),
        None,
    ),
    (
        "{{ printf \"%#v %#v %#v %#v %#v\" .a .list .m .labels .texts }}",
        Some(
            "\"text\" []interface {}{\"b\", \"a\", \"c\", \"a\"} map[string]interface {}{\"k\":\"v\", \"num\":7, \"x\":map[string]interface {}{\"l\":[]interface {}{1, map[string]interface {}{\"w\":\"q\"}}, \"y\":\"deep\"}, \"z2\":interface {}(nil)} map[string]string{\"a/b\":\"c\", \"env\":\"prod\"} []string{\"apps\", \"prod\", \"web\"}",
        ),
        Some(
            "\"text\" []interface {}{\"b\", \"a\", \"c\", \"a\"} map[string]interface {}{\"k\":\"v\", \"num\":7, \"x\":map[string]interface {}{\"l\":[]interface {}{1, map[string]interface {}{\"w\":\"q\"}}, \"y\":\"deep\"}, \"z2\":interface {}(nil)} map[string]string{\"a/b\":\"c\", \"env\":\"prod\"} []string{\"apps\", \"prod\", \"web\"}",
        ),
        Some(
            "\"text\" []interface {}{\"b\", \"a\", \"c\", \"a\"} map[string]interface {}{\"k\":\"v\", \"num\":7, \"x\":map[string]interface {}{\"l\":[]interface {}{1, map[string]interface {}{\"w\":\"q\"}}, \"y\":\"deep\"}, \"z2\":interface {}(nil)} map[string]string{\"a/b\":\"c\", \"env\":\"prod\"} []string{\"apps\", \"prod\", \"web\"}",
        ),
    ),
    (
        "{{ join \"-\" .list }} {{ join \",\" .nums }} {{ join \",\" .mixed }} {{ join \",\" .a }} {{ join \"/\" .texts }} {{ join \",\" .missing }}",
        Some("b-a-c-a 3,1,2 a,1,true,map[q:1],[1 2] text apps/prod/web "),
        Some("b-a-c-a 3,1,2 a,1,true,map[q:1],[1 2] text apps/prod/web "),
        None,
    ),
    (
        "{{ initial .texts }} {{ last .texts }} {{ index .texts 1 }} {{ slice .texts 0 2 }} {{ has \"web\" .texts }} {{ join \"-\" (rest .texts) }}",
        Some("[apps prod] web prod [apps prod] true prod-web"),
        Some("[apps prod] web prod [apps prod] true prod-web"),
        Some("[apps prod] web prod [apps prod] true prod-web"),
    ),
    ("{{ get .labels \"env\" }}", None, None, None),
    ("{{ hasKey .labels \"env\" }}", None, None, None),
    ("{{ keys .labels }}", None, None, None),
    (
        "{{ get .missing \"x\" }} {{ hasKey .missing \"x\" }}",
        Some(" false"),
        None,
        None,
    ),
    (
        "{{ default \"d\" .e }} {{ default \"d\" .a }} {{ default \"d\" .missing }} {{ default \"d\" .nul }} {{ .z | default 5 }} {{ .no | default true }} {{ .el | default \"x\" }} {{ default \"d\" }}",
        Some("d text d d 5 true x d"),
        Some("d text d d 5 true x d"),
        None,
    ),
    (
        "{{ deepEqual .list .list }} {{ deepEqual 1 1.0 }} {{ deepEqual (list 1) (list 1) }} {{ deepEqual .texts (list \"apps\" \"prod\" \"web\") }} {{ deepEqual (dict \"a\" 1) (dict \"a\" 1) }}",
        Some("true false true false true"),
        Some("true false true false true"),
        Some("true false true false true"),
    ),
    (
        "{{ range $k, $v := .labels }}{{ $k }}:{{ $v }} {{ end }}",
        Some("a/b:c env:prod "),
        Some("a/b:c env:prod "),
        Some("a/b:c env:prod "),
    ),
    (
        "{{ with .labels }}{{ .env }}{{ end }}",
        Some("prod"),
        Some("prod"),
        Some("prod"),
    ),
    ("{{ .x.y.z }}", Some("<no value>"), None, None),
    (
        "{{- range $i, $s := .texts -}}{{- if $i }}-{{ end -}}{{ $s }}{{- end -}}",
        Some("apps-prod-web"),
        Some("apps-prod-web"),
        Some("apps-prod-web"),
    ),
    (
        "{{ println }}{{ print nil }} {{ print .nul }} {{ print .missing }}",
        Some("\n<nil> <nil> <nil>"),
        Some("\n<nil> <nil> <nil>"),
        None,
    ),
    (
        "{{ toString .missing }} {{ toString nil }} {{ cat .missing }} {{ quote .missing }}",
        Some("<nil> <nil>  "),
        Some("<nil> <nil>  "),
        None,
    ),
    (
        "{{ eq .missing .nul }} {{ eq .missing .missing }} {{ eq \"\" .missing }}",
        Some("true true false"),
        Some("true true false"),
        None,
    ),
    (
        "{{ if .missing }}a{{ else }}b{{ end }}",
        Some("b"),
        Some("b"),
        None,
    ),
    (
        "{{ .missing | default \"x\" | upper }}",
        Some("X"),
        Some("X"),
        None,
    ),
    (
        "{{ .m.missing | default \"x\" | upper }}",
        Some("X"),
        Some("X"),
        None,
    ),
    (
        "{{ (.m.missing).deep }}",
        Some("<no value>"),
        Some("<no value>"),
        None,
    ),
    (
        "{{ $x := .missing }}{{ $x }} {{ $y := .nul }}{{ $y }}",
        Some("<no value> <no value>"),
        Some("<no value> <no value>"),
        None,
    ),
    (
        "{{ $x := .missing }}{{ $x.y }}",
        Some("<no value>"),
        Some("<no value>"),
        None,
    ),
    (
        "{{ $y := .nul }}{{ $y.z }}",
        Some("<no value>"),
        Some("<no value>"),
        None,
    ),
    (
        "{{ (.nul).z }}",
        Some("<no value>"),
        Some("<no value>"),
        None,
    ),
    (
        "{{ with .m }}{{ .nope }}{{ end }}",
        Some("<no value>"),
        Some("<no value>"),
        None,
    ),
    (
        "{{ dict \"a\" .missing }} {{ list .missing .nul }} {{ set (dict) \"a\" .missing }}",
        Some("map[a:<nil>] [<nil> <nil>] map[a:<nil>]"),
        Some("map[a:<nil>] [<nil> <nil>] map[a:<nil>]"),
        None,
    ),
    (
        "{{ toJson (dict \"a\" .missing) }} {{ hasKey (dict \"a\" .missing) \"a\" }}",
        Some("{\"a\":null} true"),
        Some("{\"a\":null} true"),
        None,
    ),
    (
        "{{ .世界 }} {{ $ä := 1 }}{{ $ä }}",
        Some("<no value> 1"),
        Some("<no value> 1"),
        None,
    ),
];

#[test]
fn missing_keys_follow_the_option() {
    for (template, default, zero, error) in ROWS {
        for (missing, expected) in [
            (MissingKey::Default, default),
            (MissingKey::Zero, zero),
            (MissingKey::Error, error),
        ] {
            let got = render(template, &typed(), missing);
            assert_eq!(
                got.as_deref().ok(),
                *expected,
                "{template} {missing:?}: {got:?}"
            );
        }
    }
}

#[test]
fn a_missing_key_has_an_error_of_its_own() {
    for template in ["{{ .missing }}", "{{ .a.b }}", "{{ .m.missing }}"] {
        let error = render(template, &typed(), MissingKey::Error).unwrap_err();
        assert!(matches!(error, TemplateError::Missing { .. }), "{error}");
    }
}

#[test]
fn the_functions_of_the_controller_are_there() {
    let rows = [
        ("{{ normalize \"My_Cool.App Name\" }}", "my-cool.app-name"),
        ("{{ normalize \"--A.b_c..\" }}", "a.b-c"),
        (
            "{{ slugify \"feat/My_Branch.Name #12\" }}",
            "feat-my-branch-name-12",
        ),
        ("{{ slugify 10 \"feature-branch-name\" }}", "feature"),
        (
            "{{ slugify 10 false \"feature-branch-name\" }}",
            "feature-br",
        ),
        ("{{ slugify 3 true \"feature\" }}", "fea"),
        ("{{ (fromYaml \"b: 1\\na: [x]\").a }}", "[x]"),
        ("{{ fromYamlArray \"[1, a]\" }}", "[1 a]"),
        ("{{ fromYaml \"\" }}", "map[]"),
        ("{{ toYaml .texts }}", "- apps\n- prod\n- web"),
        (
            "{{ tpl \"{{ .a }}\" . }}{{ tpl \"{{ .missing }}\" . }}",
            "text",
        ),
    ];
    for (template, expected) in rows {
        let got = render(template, &typed(), MissingKey::Default);
        assert_eq!(got.as_deref(), Ok(expected), "{template}");
    }
    for template in [
        "{{ fromYaml \"[1]\" }}",
        "{{ fromYamlArray \"a: 1\" }}",
        "{{ env \"HOME\" }}",
        "{{ expandenv \"$HOME\" }}",
        "{{ getHostByName \"a\" }}",
    ] {
        assert!(rendered(template).is_err(), "{template}");
    }
}
