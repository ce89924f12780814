use super::*;

fn given(variables: &[(&str, &str)]) -> Substitution {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Substitution {
        variables: variables.iter().map(owned).collect(),
        ..Substitution::default()
    }
}

/// Known to every case of the tables.
fn known() -> Substitution {
    given(&[
        ("app", "shop"),
        ("mixed", "Shop Front"),
        ("file", "a/b.tar.gz"),
        ("count", "3"),
        ("empty", ""),
        ("lines", "one\ntwo\n"),
        ("name1", "x"),
        ("umlaut", "äöü"),
    ])
}

fn check(text: &str, expected: &str) {
    let found = substitute(text, &known()).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(found.text, expected, "{text}");
    assert_eq!(found.unknown, BTreeSet::new(), "{text}");
}

#[test]
fn variables_and_defaults_are_replaced_as_flux_does() {
    for (text, expected) in [
        ("", ""),
        ("plain", "plain"),
        ("a: ${app}", "a: shop"),
        ("${app}${count}", "shop3"),
        ("${unset}", ""),
        ("x${empty}y", "xy"),
        ("${lines}", "onetwo"),
        ("${umlaut}", "äöü"),
        ("${unset:=d}", "d"),
        ("${unset:-d}", "d"),
        ("${unset=d}", "d"),
        ("${unset:+d}", "d"),
        ("${unset:?d}", "d"),
        ("${empty:=d}", "d"),
        ("${empty=d}", "d"),
        ("${app:=d}", "shop"),
        ("${app:+d}", "shop"),
        ("${unset:=}", ""),
        ("${unset:=a b: c}", "a b: c"),
        ("${unset:=${app}}", "shop"),
        ("${unset:=pre-${app}-post}", "pre-shop-post"),
        ("${unset:=${other:=deep}}", "deep"),
        ("${unset:=$$}", "$$"),
        ("${unset:=${app^^}}", "SHOP"),
        ("${unset:=a\nb}", "a\nb"),
    ] {
        check(text, expected);
    }
}

#[test]
fn only_braces_are_replaced_and_two_dollars_are_one() {
    for (text, expected) in [
        ("$app", "$app"),
        ("$", "$"),
        ("a$", "a$"),
        ("$ {app}", "$ {app}"),
        ("$(app)", "$(app)"),
        ("$$", "$"),
        ("$${app}", "${app}"),
        ("$$${app}", "$shop"),
        ("$$$${app}", "$${app}"),
        ("{app}", "{app}"),
        ("\\${app}", "\\shop"),
        ("\\\\a", "\\\\a"),
        ("$${a=${app}}", "${a=shop}"),
        ("$app${app}$$app", "$appshop$app"),
    ] {
        check(text, expected);
    }
}

#[test]
fn values_are_cut_changed_and_measured_as_flux_does() {
    for (text, expected) in [
        ("${#app}", "4"),
        ("${#unset}", "0"),
        ("${#umlaut}", "6"),
        ("${app^}", "Shop"),
        ("${app^^}", "SHOP"),
        ("${mixed,}", "shop Front"),
        ("${mixed,,}", "shop front"),
        ("${mixed,^}", "Shop Front"),
        ("${umlaut^^}", "ÄÖÜ"),
        ("${app:1}", "hop"),
        ("${app:1:2}", "ho"),
        ("${app:0:99}", "shop"),
        ("${app:9}", ""),
        ("${app:9:1}", ""),
        ("${app: -2}", "shop"),
        ("${app:0:-1}", "sho"),
        ("${app:1:-1}", "ho"),
        ("${app:3:-3}", ""),
        ("${app:x}", "shop"),
        ("${app:1:x}", "shop"),
        ("${app:${unset:=1}}", "hop"),
        ("${app:1::2}", "ho"),
        ("${file#*/}", "b.tar.gz"),
        ("${file##*.}", "gz"),
        ("${file#a}", "/b.tar.gz"),
        ("${file#x}", "a/b.tar.gz"),
        ("${file%.*}", "a/b.tar"),
        ("${file%%.*}", "a/b"),
        ("${file%/*}", "a"),
        ("${file#[a-c]}", "/b.tar.gz"),
        ("${file#[^a]}", "a/b.tar.gz"),
        ("${file#?}", "/b.tar.gz"),
        ("${file##*}", ""),
        ("${file#*}", "/b.tar.gz"),
        ("${file#[}", "a/b.tar.gz"),
        ("${file#\\a}", "/b.tar.gz"),
        ("${app/o/0}", "sh0p"),
        ("${file//./_}", "a/b_tar_gz"),
        ("${file/\\//-}", "a-b.tar.gz"),
        ("${file//\\//-}", "a-b.tar.gz"),
        ("${app/#s/S}", "Shop"),
        ("${app/#x/S}", "shop"),
        ("${app/%p/P}", "shoP"),
        ("${app/#/pre-}", "pre-shop"),
        ("${app/%/-post}", "shop-post"),
        ("${app/o/}", "shp"),
        ("${app/#s/}", "shop"),
        ("${app//o}/x}", "shop"),
        ("${app/o/$${x}", "sh${xp"),
        ("${app/o/${count}}", "sh3p"),
        ("${app///-}", "-s-h-o-p-"),
    ] {
        check(text, expected);
    }
}

#[test]
fn what_flux_refuses_is_an_error() {
    for text in [
        "${",
        "${}",
        "${app",
        "${app-d}",
        "${app?d}",
        "${app+d}",
        "${app }",
        "${ app}",
        "${app.name}",
        "${app-name}",
        "${app:}",
        "${app#}",
        "${app%}",
        "${app%%}",
        "${#}",
        "${##}",
        "${app/a}",
        "${unset:=a",
        "${app^^^}",
        "${app@Q}",
        "${app:1:}",
        "${app:${count}x}",
        "${.Values.x}",
        "${{ github.sha }}",
    ] {
        assert!(
            matches!(substitute(text, &known()), Err(SubstituteError::Syntax(_))),
            "{text}"
        );
    }
}

#[test]
fn a_name_that_flux_refuses_fails_every_object() {
    for name in ["1a", "a-b", "a.b", "", "ä"] {
        let error = substitute("x", &given(&[(name, "y")])).unwrap_err();
        assert_eq!(error, SubstituteError::Name(name.to_owned()));
    }
    let mut unknown = Substitution::default();
    unknown.unknown.insert("a-b".to_owned());
    assert!(substitute("x", &unknown).is_err());
}

#[test]
fn an_unknown_value_is_named_whatever_is_done_with_it() {
    let mut substitution = known();
    substitution.unknown.insert("TOKEN_1".to_owned());
    for text in [
        "${TOKEN_1}",
        "${TOKEN_1:=d}",
        "${TOKEN_1^^}",
        "${#TOKEN_1}",
        "${TOKEN_1:0:1}",
        "${TOKEN_1/a/b}",
        "${unset:=${TOKEN_1}}",
    ] {
        let found = substitute(text, &substitution).unwrap();
        assert_eq!(found.text, "unknown-value-of-token-1", "{text}");
        assert_eq!(found.unknown, BTreeSet::from(["TOKEN_1".to_owned()]));
    }
    let found = substitute("${app/o/${TOKEN_1}}", &substitution).unwrap();
    assert_eq!(found.text, "unknown-value-of-app");
    assert!(found.unknown.contains("TOKEN_1"));
    let unused = substitute("${app:=${TOKEN_1}} $${TOKEN_1}", &substitution).unwrap();
    assert_eq!(unused.text, "shop ${TOKEN_1}");
    assert_eq!(unused.unknown, BTreeSet::new());
}

#[test]
fn a_name_that_may_have_a_value_elsewhere_is_unknown_also_where_a_default_stands() {
    let substitution = Substitution {
        open: true,
        ..known()
    };
    let found = substitute("${app} ${other} ${third:=d} ${fourth:=}", &substitution).unwrap();
    assert_eq!(
        found.text,
        "shop unknown-value-of-other d unknown-value-of-fourth"
    );
    assert_eq!(
        found.unknown,
        ["fourth", "other", "third"].map(str::to_owned).into()
    );
}

#[test]
fn no_expression_takes_more_than_its_share() {
    let long = "a".repeat(4096);
    let substitution = given(&[("a", &long)]);
    let bomb = "${a//a/".repeat(8) + "a" + &"}".repeat(8);
    assert_eq!(
        substitute(&bomb, &substitution),
        Err(SubstituteError::TooLarge)
    );
    let deep = "${x:=".repeat(100_000);
    assert_eq!(
        substitute(&deep, &substitution),
        Err(SubstituteError::TooLarge)
    );
    let huge = "a".repeat(1 << 20);
    let substitution = given(&[("a", &huge)]);
    let stars = "${a##".to_owned() + &"*a".repeat(5_000) + "b}";
    assert_eq!(
        substitute(&stars, &substitution),
        Err(SubstituteError::TooLarge)
    );
}
