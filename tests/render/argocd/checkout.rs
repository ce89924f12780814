//! Files that Git writes as another text when a deployer checks them out.

use super::*;

fn with(text: &str) -> Repository {
    let repository = Repository::with(&[("plain/a.yaml", text)]);
    let text = application("web", &here("plain", ""));
    repository.write("apps/web.yaml", &text);
    repository
}

#[test]
fn attributes_that_rewrite_a_file_refuse_whoever_reads_it() {
    for (attributes, line) in [
        ("*.yaml working-tree-encoding=UTF-7\n", Some(1)),
        ("# it\n*.yaml filter=crypt\n", Some(2)),
        ("*.yaml eol=crlf\n", Some(1)),
        (
            "*.yaml eol=lf text=auto diff=yaml linguist-generated\n",
            None,
        ),
        (
            "*.yaml working-tree-encoding=UTF-8 ident filter=lfs\n",
            None,
        ),
        ("*.yaml filter=crypt\na.yaml -filter\n", None),
        ("other.yaml filter=crypt\n", None),
    ] {
        let repository = with(CONFIG_MAP);
        repository.write("plain/.gitattributes", attributes);
        let declared = declare(&repository);
        let side = find(&declared, "web");
        let found = side.refusals.first().map(|refusal| refusal.line);
        assert_eq!(found, line, "{attributes}: {:?}", side.refusals);
        let is_read = files(side).contains(&"plain/.gitattributes");
        assert_eq!(is_read, line.is_some(), "{attributes}");
    }
    let repository = with(&format!("# $Id$\n{CONFIG_MAP}"));
    repository.write(".gitattributes", "[attr]marked ident\n*.yaml marked\n");
    let declared = declare(&repository);
    assert_eq!(kinds(find(&declared, "web")), [RefusalKind::Checkout]);
}
