//! What is kept between runs, and what a run does without a network.

use std::path::Path;

use drydock::config::settings::Outside;
use drydock::outside::{Need, Short};

use crate::helm::index;
use crate::station::Station;
use crate::{allowing, chart, chart_files, fetch, wanted};

fn serve(home: &Path) -> (Station, Outside, Need) {
    let station = Station::start();
    let text = index(home, &[("web-1.0.0.tgz", chart("web", "1.0.0"))], "");
    station.put_bytes("/index.yaml", text);
    station.put_bytes("/web-1.0.0.tgz", chart("web", "1.0.0"));
    let mut outside = allowing(&[&station]);
    outside.cache = Some(home.join("cache"));
    let need = wanted(&station.url(""), "web", "1.0.0");
    (station, outside, need)
}

fn entries(home: &Path) -> Vec<std::path::PathBuf> {
    let folder = home.join("cache/outside-1");
    let items = std::fs::read_dir(folder).unwrap();
    items.map(|item| item.unwrap().path()).collect()
}

#[test]
fn an_archive_is_fetched_once_and_its_index_in_every_run() {
    let home = tempfile::tempdir().unwrap();
    let (station, outside, need) = serve(home.path());
    fetch(&outside, &need).unwrap();
    assert_eq!(
        station.take_lines(),
        ["GET /index.yaml", "GET /web-1.0.0.tgz"]
    );
    let again = fetch(&outside, &need).unwrap();
    assert_eq!(*again.files, chart_files("web", "1.0.0"));
    assert_eq!(station.take_lines(), ["GET /index.yaml"]);
}

#[test]
fn a_changed_or_torn_entry_is_fetched_again() {
    let home = tempfile::tempdir().unwrap();
    let (station, outside, need) = serve(home.path());
    for damage in [true, false] {
        fetch(&outside, &need).unwrap();
        for path in entries(home.path()) {
            let mut bytes = std::fs::read(&path).unwrap();
            if damage {
                *bytes.last_mut().unwrap() ^= 1;
            } else {
                bytes.truncate(bytes.len() / 2);
            }
            std::fs::write(&path, bytes).unwrap();
        }
        station.take_lines();
        let again = fetch(&outside, &need).unwrap();
        assert_eq!(*again.files, chart_files("web", "1.0.0"));
        assert_eq!(
            station.take_lines(),
            ["GET /index.yaml", "GET /web-1.0.0.tgz"]
        );
    }
}

#[test]
fn an_offline_run_asks_nobody_and_says_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let (station, mut outside, need) = serve(home.path());
    outside.offline = true;
    assert_eq!(fetch(&outside, &need), Err(Short::Offline));
    outside.offline = false;
    let online = fetch(&outside, &need).unwrap();
    fetch(&outside, &wanted(&station.url(""), "web", "^1")).unwrap();
    outside.offline = true;
    station.take_lines();
    assert_eq!(fetch(&outside, &need).unwrap(), online);
    // What a range means cannot be known without asking.
    let range = wanted(&station.url(""), "web", "^1");
    assert_eq!(fetch(&outside, &range), Err(Short::Offline));
    assert!(station.take_lines().is_empty());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let needs = [range.clone()].into_iter().collect();
    let supply = runtime.block_on(async {
        let supplier = drydock::clients::supply::Supplier::new(outside).unwrap();
        supplier.fetch_all(&needs).await
    });
    let message = supply
        .find(&range)
        .unwrap()
        .as_ref()
        .unwrap_err()
        .to_string();
    let expected = format!(
        "chart web ^1 of {} could not be fetched: Drydock is offline, and it is not in the cache",
        station.url("/")
    );
    assert_eq!(message, expected);
}

#[test]
fn many_runs_share_one_folder() {
    let home = tempfile::tempdir().unwrap();
    let (_station, mut outside, need) = serve(home.path());
    // Room for about one entry: every run removes what others just wrote.
    outside.cache_bytes = 700;
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| (0..5).all(|_| fetch(&outside, &need).is_ok())))
            .collect();
        assert!(runs.into_iter().all(|run| run.join().unwrap()));
    });
    let sizes: u64 = entries(home.path())
        .iter()
        .map(|path| path.metadata().unwrap().len())
        .sum();
    assert!(sizes <= 1400, "{sizes}");
    assert!(
        entries(home.path()).iter().all(|path| !path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with('.'))
    );
}

#[test]
fn a_cache_that_cannot_be_opened_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    let (_station, mut outside, _) = serve(home.path());
    std::fs::write(home.path().join("file"), "").unwrap();
    outside.cache = Some(home.path().join("file"));
    let error = drydock::clients::supply::Supplier::new(outside).unwrap_err();
    assert!(matches!(error.short, Short::Cache { .. }), "{error}");
}
