//! What the repository's own configuration calls its remotes: names to compare with, never followed.

use gix::bstr::ByteSlice as _;

use super::Repository;

impl Repository {
    /// The URLs of all remotes, as they are written, in the order of the file. Empty without a remote,
    /// and where the configuration cannot be read.
    pub fn remote_urls(&self) -> Vec<String> {
        let folder = self.objects.to_thread_local().common_dir().to_owned();
        let Ok(file) = gix::config::File::from_path_no_includes(
            folder.join("config"),
            gix::config::Source::Local,
        ) else {
            return Vec::new();
        };
        let sections = file.sections_by_name("remote");
        sections
            .into_iter()
            .flatten()
            .flat_map(|section| section.values("url"))
            .map(|url| url.to_str_lossy().into_owned())
            .collect()
    }

    /// The short name of the branch that this text names, such as `main` for `origin/main`; `None` when
    /// it names none.
    pub fn find_branch(&self, text: &str) -> Option<String> {
        let repository = self.objects.to_thread_local();
        let is_there = |name: String| matches!(repository.try_find_reference(&name), Ok(Some(_)));
        if is_there(format!("refs/heads/{text}")) {
            return Some(text.to_owned());
        }
        let (_, short) = text.split_once('/')?;
        is_there(format!("refs/remotes/{text}")).then(|| short.to_owned())
    }
}
