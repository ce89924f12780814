//! The word that was probably meant.

/// The candidate with the smallest edit distance, if it is near: one change in three letters. The
/// first of equals.
pub(super) fn find_nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .iter()
        .map(|candidate| (distance(&word, candidate), *candidate))
        .filter(|(distance, candidate)| distance * 3 <= candidate.chars().count().max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements, and swaps of neighbours that lead from one to the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    let mut last = None;
    for (index, letter) in one.chars().enumerate() {
        let mut next = vec![index + 1];
        for (place, candidate) in other.iter().enumerate() {
            let at =
                |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&row, place) + usize::from(letter != *candidate);
            let mut best = replaced
                .min(at(&row, place + 1) + 1)
                .min(at(&next, place) + 1);
            let swapped = place > 0
                && last == Some(*candidate)
                && other.get(place.wrapping_sub(1)) == Some(&letter);
            if swapped {
                best = best.min(at(&before, place - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        last = Some(letter);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_far_ones_are_not() {
        let words = ["clusters", "apps", "discovery", "policies"];
        assert_eq!(find_nearest("cluster", &words), Some("clusters"));
        assert_eq!(find_nearest("polciies", &words), Some("policies"));
        assert_eq!(find_nearest("Apps", &words), Some("apps"));
        assert_eq!(find_nearest("zebra", &words), None);
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
