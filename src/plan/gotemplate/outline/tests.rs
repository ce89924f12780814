//! Templates of which it can be told what they make, and those of which it cannot.

use super::Outline;

fn is_known(text: &str) -> bool {
    let outline = Outline::read(text.as_bytes());
    !outline.has_open_document && !outline.is_opaque
}

const REST: &str = "kind: A\nmetadata: {name: x}\n";

#[test]
fn a_template_as_chart_authors_write_it_is_known() {
    for text in [
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ include \"x.name\" . }}\n  labels:\n    {{- include \"x.labels\" . | nindent 4 }}\n",
        "{{- if .Values.on -}}\napiVersion: apps/v1\nkind: Deployment\nspec:\n  replicas: {{ .Values.n }}\n{{- with .Values.more }}\n  more:\n{{ toYaml . | indent 4 }}\n{{- end }}\n{{- end }}\n",
        "{{- if .Capabilities }}\napiVersion: networking.k8s.io/v1\n{{- else }}\napiVersion: extensions/v1beta1\n{{- end }}\nkind: Ingress\n",
        "{{- range .Values.all }}\n---\napiVersion: v1 # core\nkind: Secret\nrules:\n- apiGroups: [a]\n{{- end }}\n",
        "{{/* a comment */}}\napiVersion: \"batch/v1\"\nkind: Job\n",
    ] {
        assert!(is_known(text), "{text}");
    }
}

#[test]
fn a_group_that_does_not_stand_there_is_not_known() {
    for version in [
        "{{ .Values.group }}/v1alpha1",
        "argo{{ if .Values.a }}x{{ end }}proj.io/v1alpha1",
        "argo{{ \"\" }}proj.io/v1alpha1",
        "\"argo\\x70roj.io/v1alpha1\"",
        "*version",
        "!!binary YXJnb3Byb2ouaW8vdjFhbHBoYTE=",
        "",
    ] {
        let text = format!("apiVersion: {version}\n{REST}");
        assert!(!is_known(&text), "{text}");
    }
}

#[test]
fn a_document_that_something_puts_out_is_not_known() {
    for text in [
        "{{ include \"x.all\" . }}\n",
        "apiVersion: v1\nkind: A\n---\n{{ tpl .Values.more . }}\n",
        "{{ .Files.Get \"x.yaml\" | indent 2 }}\n",
        "{{ .Files.Get \"x.yaml\" }}",
        "{\"apiVersion\": {{ .Values.a | quote }}, \"kind\": \"A\"}\n",
        "apiVersion: v1\n{{ .Values.key }}: x\n",
        "kind: A\n\"api\\x56ersion\": a\n",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: {{ .Values.a }}\n",
    ] {
        assert!(!is_known(text), "{text}");
    }
}

#[test]
fn lines_that_join_or_go_away_are_not_taken_for_what_they_seem() {
    for text in [
        // The lines that say so go, and what is left begins with blanks.
        "{{ if .Values.no }}\napiVersion: v1\nkind: A\n{{ end }}\n  apiVersion: {{ .Values.a }}\n  kind: B\n",
        "# c{{ if .Values.no }}\n{{ end }}kind: A\n  apiVersion: {{ .Values.a }}\n",
        "api{{ if .Values.no }}\n{{ end }}Version: a\nkind: A\n",
        "apiVersion: argo{{ if .Values.no }}\n{{ end }}proj.io/v1\nkind: A\n",
        "kind: A\n{{ if .Values.no }}x: {{ end }}apiVersion: {{ .Values.a }}\n",
        "kind: A\n{{ if .Values.no }}\n  x: {{ end }}apiVersion: {{ .Values.a }}\n",
        "kind: A\n{{ if .Values.no }}# {{ end }}apiVersion: {{ .Values.a }}\n",
    ] {
        assert!(!is_known(text), "{text}");
    }
}

#[test]
fn what_can_break_lines_is_told_apart() {
    let of =
        |action: &str| Outline::read(format!("apiVersion: v1\nkind: A\na: {action}\n").as_bytes());
    assert!(!of("{{ .Values.a | quote }}").puts_out);
    assert!(of("{{ .Values.a }}").puts_out);
    assert!(!of("{{ .Values.a | default \"b\" }}").breaks);
    for action in [
        "{{ join \"\\n\" .Values.a }}",
        "{{ toYaml .Values.a }}",
        "{{ $f := .Files }}{{ $f.Get \"a\" }}",
        "{{ printf .Values.a 10 }}",
    ] {
        assert!(of(action).breaks, "{action}");
    }
    for action in [
        "{{ printf \"%c\" 10 }}",
        "{{ b64dec .Values.a }}",
        "{{ include .Values.a . }}",
    ] {
        assert!(of(action).is_opaque, "{action}");
    }
    assert!(of("{{ include \"x\" . }}").calls.contains("x"));
}

fn is_closed(text: &str) -> bool {
    let outline = Outline::read(text.as_bytes());
    !(outline.is_opaque || outline.puts_out && outline.breaks)
}

#[test]
fn what_is_not_known_to_keep_lines_is_not_trusted() {
    for action in [
        "{{ \"---\" | nindent 0 }}",
        "{{ nindent .Values.n \"a\" }}",
        "{{ \"---\" | nindent 4 | replace \"    \" \"\" }}",
        "{{ toPrettyJson .Values.a }}",
        "{{ genPrivateKey \"rsa\" }}",
        "{{ .Values.a | unheardOf }}",
        "{{ (index . (print \"Fi\" \"les\")).Get \"x.txt\" }}",
        "{{ (index . (print \"Fi\" \"les\")).Get \"x.txt\" | nindent 2 }}",
        "{{ (get $ .Values.a).Get \"x\" | quote }}",
        "{{ toString (index . .Values.a .Values.b) }}",
        "{{ range $k, $v := . }}{{ $v.Get \"x\" }}{{ end }}",
        "{{ range $k, $v := . }}{{ range $v }}{{ . | toString }}{{ end }}{{ end }}",
        "{{ $x := list . }}{{ range $x }}{{ range . }}{{ end }}{{ end }}",
        "{{ $x := .Values.a }}{{ $x = . }}",
        "{{ with dict \"a\" $ }}{{ range .a }}{{ end }}{{ end }}",
        "{{ range (dict (print \"Val\" \"ues\") .).Values }}{{ end }}",
        "{{ (index .Subcharts \"x\").Files.Get \"y\" }}",
        "{{ .Files.Get \"x\" | nindent 2 }}",
        "{{ tpl .Values.a . | nindent 2 }}",
    ] {
        let text = format!("apiVersion: v1\nkind: A\na: {action}\n");
        assert!(!is_closed(&text), "{text}");
    }
    assert!(!is_closed("apiVersion: v1\nkind: A\n# a\rb\n"));
}

#[test]
fn what_honest_charts_do_stays_known() {
    for action in [
        "{{ .Values.a | default .Chart.Name | trunc 63 | trimSuffix \"-\" | quote }}",
        "{{ printf \"%s-%s\" .Release.Name $.Values.a | lower | replace \"+\" \"_\" }}",
        "{{ include \"x.labels\" . | nindent 4 }}",
        "{{ with .Values.a }}{{ range $k, $v := . }}{{ $k }}: {{ $v | upper }}{{ end }}{{ end }}",
        "{{ range .Values.a }}{{ range .b }}{{ .c | quote }}{{ end }}{{ toYaml .d | nindent 8 }}{{ end }}",
        "{{ if and .Values.a (not (eq .Values.b \"x\")) (.Capabilities.APIVersions.Has \"v1\") }}a{{ end }}",
        "{{ include \"x\" (dict \"a\" .Values.b \"context\" $) | indent 2 }}",
        "{{ $root := . }}{{ $n := index .Values.a $root.Values.b }}{{ $n }}",
        "{{ (.Files.Glob \"x/*\").AsConfig | nindent 2 }}",
    ] {
        let text = format!("apiVersion: v1\r\nkind: A\na: {action}\n");
        assert!(is_closed(&text), "{text}");
    }
}
