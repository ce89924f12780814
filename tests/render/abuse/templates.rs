//! Templates that loop, swell, look around, or lie.

use super::case::{Case, chart, value};

const TEMPLATE: &str = "chart/templates/a.yaml";

pub(super) fn cases() -> Vec<Case> {
    let shown = |name, action, shows| chart(name, &value(action)).harmless(shows);
    let mut cases = vec![
        shown(
            "lookup",
            "lookup \"v1\" \"Secret\" \"kube-system\" \"\" | toJson | quote",
            "\"value\":\"{}\"",
        ),
        shown(
            "host-by-name",
            "getHostByName \"localhost\" | quote",
            "\"value\":\"\"",
        ),
        shown(
            "files-by-parents",
            ".Files.Get \"../../../../../../etc/passwd\" | quote",
            "\"value\":\"\"",
        ),
        shown(
            "files-by-absolute-path",
            ".Files.Get \"/etc/passwd\" | quote",
            "\"value\":\"\"",
        ),
        shown(
            "files-glob-of-parents",
            "range $p, $_ := .Files.Glob \"../**\" }}{{ $p }}{{ end }}{{ \"\" | quote",
            "\"value\":\"\"",
        ),
        shown(
            "files-glob-of-everything",
            "(.Files.Glob \"**\").AsConfig | quote",
            "\"value\":",
        ),
        shown(
            "lines-outside",
            ".Files.Lines \"../../etc/passwd\" | toJson | quote",
            "\"value\":\"[]\"",
        ),
    ];
    for (name, action, says) in [
        ("env", "env \"STOLEN\"", "function \"env\" not defined"),
        (
            "expandenv",
            "expandenv \"$STOLEN\"",
            "function \"expandenv\" not defined",
        ),
    ] {
        cases.push(
            chart(name, &format!("a: {{{{ {action} }}}}\n"))
                .refused("chart/templates/a.yaml:1", says),
        );
    }
    cases.extend(endless());
    cases.extend(large());
    cases.extend(lies());
    cases
}

fn endless() -> Vec<Case> {
    let include = "{{- define \"x\" }}{{ include \"x\" . }}{{ end -}}\na: {{ include \"x\" . }}\n";
    let mutual = "{{- define \"x\" }}{{ template \"y\" . }}{{ end }}{{ define \"y\" }}{{ template \"x\" . }}{{ end -}}\na: {{ template \"x\" . }}\n";
    let tpl = "{{- $t := \"{{ tpl .t . }}\" -}}\na: {{ tpl $t (dict \"t\" $t \"Template\" .Template) }}\n";
    let cycle = "{{- $d := dict -}}{{- $_ := set $d \"d\" $d -}}\na: {{ $d | toJson }}\n";
    let copy = "{{- $d := dict -}}{{- $_ := set $d \"d\" $d -}}\na: {{ deepCopy $d | len }}\n";
    let loops = "a: {{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}\n";
    let fork = "{{- define \"x\" }}{{ if lt (int .) 60 }}{{ template \"x\" (add . 1) }}{{ template \"x\" (add . 1) }}{{ end }}{{ end -}}\na: {{ template \"x\" 0 }}\n";
    vec![
        chart("include-without-end", include)
            .refused("chart/templates/a.yaml:2", "error calling include"),
        chart("templates-in-a-circle", mutual).refused(
            "chart/templates/a.yaml:1",
            "exceeded maximum template depth",
        ),
        chart("tpl-without-end", tpl).refused("chart", ""),
        chart("a-map-in-itself", cycle).refused(TEMPLATE, "no Kubernetes object"),
        chart("a-copy-of-a-map-in-itself", copy).refused("chart", ""),
        chart("loop-in-a-loop", loops).refused("chart", "stopped after 3 s"),
        chart("templates-that-double", fork).refused("chart", "stopped after 3 s"),
    ]
}

fn large() -> Vec<Case> {
    let memory = "was stopped";
    let bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\\na1: &a1 [*a0,*a0,*a0,*a0,*a0,*a0,*a0,*a0,*a0]\\na2: &a2 [*a1,*a1,*a1,*a1,*a1,*a1,*a1,*a1,*a1]\\na3: &a3 [*a2,*a2,*a2,*a2,*a2,*a2,*a2,*a2,*a2]\\na4: &a4 [*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3]\\na5: &a5 [*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4]\\na6: [*a5,*a5,*a5,*a5,*a5,*a5,*a5,*a5,*a5]\\n";
    let documents = "{{ range until 1000000 }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n{{ end }}\n";
    let empty = "{{ range until 10000000 }}---\n{{ end }}\n";
    let doubling = "{{- $s := \"xxxxxxxx\" }}{{ range until 40 }}{{ $s = print $s $s }}{{ end }}\na: {{ $s }}\n";
    vec![
        chart("until-a-billion", "a: {{ until 1000000000 | len }}\n").refused("chart", memory),
        chart("a-gigabyte-of-x", "a: {{ repeat 1073741824 \"x\" }}\n").refused("chart", ""),
        chart(
            "wide-number",
            "a: {{ printf \"%1000000d\" 1 | repeat 2000 }}\n",
        )
        .refused("chart", ""),
        chart("random-gigabyte", "a: {{ randAlphaNum 1000000000 }}\n").refused("chart", ""),
        chart("text-that-doubles", doubling).refused("chart", ""),
        chart(
            "one-line-of-forty-megabytes",
            &value("repeat 40000000 \"x\""),
        )
        .refused(TEMPLATE, ""),
        chart("a-million-documents", documents).refused("chart", ""),
        chart("ten-million-empty-documents", empty).refused(TEMPLATE, ""),
        chart(
            "aliases-in-from-yaml",
            &value(&format!("fromYaml \"{bomb}\" | toYaml | len")),
        )
        .harmless("\"value\":82"),
    ]
}

fn lies() -> Vec<Case> {
    let source = "---\n# Source: shop/templates/../../../../etc/passwd\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n";
    vec![
        chart("a-source-that-is-none", source).harmless("\"x\""),
        chart(
            "an-error-that-names-another-file",
            "{{ fail \"\\nError: other/file.yaml:7: \\u001b[31mall is well\" }}\n",
        )
        .refused("chart/templates/a.yaml:1", "all is well"),
        chart(
            "an-error-with-a-file",
            "{{ fail (.Files.Get \"../../../../etc/passwd\") }}\n",
        )
        .refused("chart/templates/a.yaml:1", ""),
    ]
}
