//! Servers that lie, stall, flood and send elsewhere.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Duration;

use drydock::outside::{Need, Short};

use crate::station::{Reply, Station};
use crate::{allowing, chart, fetch, fetch_together, host, wanted};

/// An index with one chart and no digest, so that nothing but the answer itself is judged.
fn index(url: &str) -> String {
    format!("apiVersion: v1\nentries:\n  web:\n  - version: 1.0.0\n    urls: [{url:?}]\n")
}

fn station_with(reply: Reply) -> Station {
    let station = Station::start();
    station.put_bytes("/index.yaml", index("web.tgz"));
    station.put("/web.tgz", reply);
    station
}

fn fetch_web(station: &Station) -> Result<drydock::outside::Supplied, Short> {
    fetch(
        &allowing(&[station]),
        &wanted(&station.url(""), "web", "1.0.0"),
    )
}

/// An archive of entries that a friendly writer would refuse to make.
fn archive(entries: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_entry_type(tar::EntryType::new(*kind));
        if *kind == b'2' || *kind == b'1' {
            header.set_link_name("/proc/self/environ").unwrap();
        }
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        gzip.write_all(header.as_bytes()).unwrap();
        gzip.write_all(content).unwrap();
        gzip.write_all(&vec![0; (512 - content.len() % 512) % 512])
            .unwrap();
    }
    gzip.write_all(&[0; 1024]).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn archives_that_reach_out_of_their_folder_are_refused() {
    let chart = ("web/Chart.yaml", b'0', &b"name: web"[..]);
    for (name, kind) in [
        ("../../etc/cron.d/x", b'0'),
        ("web/../../x", b'0'),
        ("/etc/passwd", b'0'),
        ("web/templates/a.yaml", b'2'),
        ("web/hard", b'1'),
        ("web/pipe", b'6'),
        ("web\\..\\x", b'0'),
        ("other/x", b'0'),
    ] {
        let station = station_with(Reply::Bytes(archive(&[chart, (name, kind, b"")])));
        let error = fetch_web(&station).unwrap_err();
        assert!(matches!(error, Short::Unsafe { .. }), "{name}: {error}");
    }
    let no_chart = station_with(Reply::Bytes(archive(&[("web/x", b'0', b"x")])));
    assert!(
        fetch_web(&no_chart)
            .unwrap_err()
            .to_string()
            .contains("no `Chart.yaml`")
    );
    for broken in [b"no archive".to_vec(), Vec::new(), chart_without_end()] {
        let station = station_with(Reply::Bytes(broken));
        assert!(matches!(fetch_web(&station), Err(Short::Unreadable { .. })));
    }
}

fn chart_without_end() -> Vec<u8> {
    let mut bytes = chart("web", "1.0.0");
    bytes.truncate(bytes.len() / 2);
    bytes
}

#[test]
fn bombs_and_floods_are_cut_off() {
    let zeros = vec![0_u8; 5 * 1024 * 1024];
    let bomb: Vec<(String, &[u8])> = (0..40).map(|n| (format!("web/{n}"), &*zeros)).collect();
    let bomb: Vec<_> = bomb
        .iter()
        .map(|(name, bytes)| (name.as_str(), b'0', *bytes))
        .collect();
    let bomb = archive(&bomb);
    assert!(bomb.len() < 300_000);
    let error = fetch_web(&station_with(Reply::Bytes(bomb))).unwrap_err();
    assert!(matches!(error, Short::TooLarge { .. }), "{error}");
    let error = fetch_web(&station_with(Reply::Endless)).unwrap_err();
    let limit = 20 * 1024 * 1024;
    assert_eq!(
        error,
        Short::TooLarge {
            subject: "`web.tgz`".to_owned(),
            limit
        }
    );
    let station = Station::start();
    station.put("/index.yaml", Reply::Endless);
    assert!(matches!(fetch_web(&station), Err(Short::TooLarge { .. })));
}

#[test]
fn a_server_that_stalls_is_left_after_the_limit_of_time() {
    let station = station_with(Reply::Stuck);
    let mut outside = allowing(&[&station]);
    outside.timeout = Duration::from_secs(1);
    let error = fetch(&outside, &wanted(&station.url(""), "web", "1.0.0")).unwrap_err();
    let host = station.address.to_string();
    assert_eq!(error, Short::TooSlow { host, seconds: 1 });
}

#[test]
fn a_server_that_goes_on_stalling_is_not_asked_any_more() {
    let station = station_with(Reply::Stuck);
    let mut outside = allowing(&[&station]);
    outside.timeout = Duration::from_millis(200);
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let needs: BTreeSet<Need> = names
        .iter()
        .map(|name| wanted(&station.url(&format!("/{name}")), "web", "1.0.0"))
        .collect();
    for name in names {
        station.put(&format!("/{name}/index.yaml"), Reply::Stuck);
    }
    let supply = fetch_together(&outside, &needs);
    let shorts: Vec<Short> = needs
        .iter()
        .map(|need| supply.find(need).unwrap().clone().unwrap_err().short)
        .collect();
    let slow = shorts
        .iter()
        .filter(|short| matches!(short, Short::TooSlow { .. }));
    // Four at a time.
    assert!(slow.count() < 8, "{shorts:?}");
    assert!(
        shorts
            .iter()
            .any(|short| matches!(short, Short::Spent { .. }))
    );
}

#[test]
fn redirects_are_followed_on_the_same_host_only_and_not_for_ever() {
    let station = station_with(Reply::Redirect(302, "/moved.tgz".to_owned()));
    station.put_bytes("/moved.tgz", chart("web", "1.0.0"));
    fetch_web(&station).unwrap();
    station.put("/moved.tgz", Reply::Redirect(301, "/web.tgz".to_owned()));
    let error = fetch_web(&station).unwrap_err();
    assert!(error.to_string().contains("more than 3 times"), "{error}");

    let other = Station::start();
    other.put_bytes("/web.tgz", chart("web", "1.0.0"));
    for to in [
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://localhost/x".to_owned(),
        "file:///etc/passwd".to_owned(),
        "//127.0.0.1:1/x".to_owned(),
        other.url("/web.tgz?token=secret"),
    ] {
        station.put("/web.tgz", Reply::Redirect(307, to.clone()));
        // Without a digest, not even to a host that is allowed.
        let outside = allowing(&[&station, &other]);
        let error = fetch(&outside, &wanted(&station.url(""), "web", "1.0.0")).unwrap_err();
        assert!(matches!(error, Short::Redirected { .. }), "{to}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert!(other.take_seen().is_empty());
    station.put(
        "/index.yaml",
        Reply::Redirect(302, other.url("/index.yaml")),
    );
    assert!(matches!(fetch_web(&station), Err(Short::Redirected { .. })));
}

#[test]
fn only_allowed_hosts_are_asked_whatever_an_address_looks_like() {
    let station = station_with(Reply::Bytes(chart("web", "1.0.0")));
    let port = station.address.port();
    let outside = allowing(&[&station]);
    for (address, reason) in [
        (
            format!("http://127.0.0.1:{port}@169.254.169.254/"),
            "credentials",
        ),
        (
            format!("http://robot:secret@127.0.0.1:{port}/"),
            "credentials",
        ),
        (format!("https://127.0.0.1:{port}"), "asked by http"),
        ("http://169.254.169.254/".to_owned(), "not among the hosts"),
        (format!("http://127.0.0.2:{port}"), "not among the hosts"),
        (
            format!("http://[::ffff:127.0.0.1]:{port}"),
            "not among the hosts",
        ),
        ("file:///etc/".to_owned(), "neither https nor http"),
        ("ftp://127.0.0.1/".to_owned(), "neither https nor http"),
        ("nothing".to_owned(), "not an address"),
        (
            format!("oci://127.0.0.1:{port}/../x"),
            "not the address of a folder",
        ),
        (
            format!("oci://robot:secret@127.0.0.1:{port}/x"),
            "credentials",
        ),
    ] {
        let error = fetch(&outside, &wanted(&address, "web", "1.0.0")).unwrap_err();
        assert!(error.to_string().contains(reason), "{address}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert!(station.take_seen().is_empty());
    // The same host, written as a number.
    let number = format!("http://2130706433:{port}");
    fetch(&outside, &wanted(&number, "web", "1.0.0")).unwrap();
    for name in ["../web", "web/../x", "-web", "we b", ""] {
        let error = fetch(&outside, &wanted(&station.url(""), name, "1.0.0")).unwrap_err();
        assert!(
            matches!(error, Short::Address { .. } | Short::NoChart),
            "{name}: {error}"
        );
    }
}

#[test]
fn a_name_that_leads_into_the_own_network_is_not_connected_to() {
    let station = station_with(Reply::Bytes(chart("web", "1.0.0")));
    let port = station.address.port();
    let mut outside = allowing(&[]);
    outside.hosts = vec![host(&format!("localhost:{port},http"))];
    let need = wanted(&format!("http://localhost:{port}"), "web", "1.0.0");
    let error = fetch(&outside, &need).unwrap_err();
    assert!(matches!(error, Short::PrivateAddress { .. }), "{error}");
    assert!(station.take_seen().is_empty());
    outside.hosts = vec![host(&format!("localhost:{port},http,private"))];
    fetch(&outside, &need).unwrap();
    // Written into the settings, the metadata address still is no place to ask.
    outside.hosts = vec![host("169.254.169.254,http")];
    let error = fetch(&outside, &wanted("http://169.254.169.254", "web", "1.0.0")).unwrap_err();
    assert!(matches!(error, Short::PrivateAddress { .. }), "{error}");
}

#[test]
fn an_index_that_cannot_be_trusted_is_refused() {
    let station = Station::start();
    let many = format!("entries: {}", "[".repeat(10_000));
    for (text, reason) in [
        ("entries: [", "cannot be read"),
        ("entries:\n  web: 3\n", "is not a list"),
        ("entries:\n  web: [{version: 1.0.0}]\n", "has no address"),
        (
            "entries:\n  web: [{version: 1.0.0, urls: [a], digest: md5:1}]\n",
            "not SHA-256",
        ),
        (
            "entries:\n  web: &a [{version: 1.0.0, urls: [a]}]\n  web: *a\n",
            "twice",
        ),
        (
            "entries:\n  web: [{version: 1.0.0, urls: ['http://[']}]\n",
            "cannot be read",
        ),
        (
            "entries:\n  web: [{version: 1.0.0, urls: ['file:///etc/passwd']}]\n",
            "neither https nor http",
        ),
        ("<html>not found</html>", "cannot be read"),
        (many.as_str(), "cannot be read"),
    ] {
        station.put_bytes("/index.yaml", text);
        let error = fetch_web(&station).unwrap_err();
        assert!(error.to_string().contains(reason), "{text:.60}: {error}");
    }
    for (status, is_upstream) in [
        (404, false),
        (401, false),
        (403, false),
        (500, true),
        (503, true),
    ] {
        station.put("/index.yaml", Reply::Status(status));
        let error = fetch_web(&station).unwrap_err();
        let retries = error.retry() != drydock::finding::Retry::No;
        assert_eq!(retries, is_upstream, "{status}: {error}");
    }
}

#[test]
fn a_single_file_comes_only_when_its_address_holds_a_commit() {
    let station = Station::start();
    let commit = "0123456789abcdef0123456789abcdef01234567";
    station.put_bytes(&format!("/org/repo/{commit}/crds.yaml"), "kind: List");
    station.put_bytes("/org/repo/main/crds.yaml", "kind: List");
    let mut outside = allowing(&[&station]);
    let file = |path: &str| Need::File {
        url: station.url(path),
    };
    let pinned = fetch(&outside, &file(&format!("/org/repo/{commit}/crds.yaml"))).unwrap();
    assert_eq!(
        (crate::text(&pinned, "crds.yaml").as_str(), pinned.floating),
        ("kind: List", false)
    );
    let floating = file("/org/repo/main/crds.yaml");
    assert!(matches!(
        fetch(&outside, &floating),
        Err(Short::Floating { .. })
    ));
    outside.floating_bases = drydock::config::settings::FloatingBases::Fetch;
    assert!(fetch(&outside, &floating).unwrap().floating);
    outside.hosts.clear();
    assert!(matches!(
        fetch(&outside, &floating),
        Err(Short::NotAllowed { .. })
    ));
}
