//! What a real burp server is asked, and what it must answer.

use ostler_tests::PrivateBurp;

/// Every kind of question that Burp-UI asks, and what a bare child answers; the longest answer first.
pub(crate) fn known_queries(server: &PrivateBurp) -> Vec<(String, Vec<u8>)> {
    let mut texts = vec!["c:".to_owned()];
    for client in ["client1", "client2", "client3"] {
        texts.push(format!("c:{client}"));
        for number in [1, 2] {
            texts.push(format!("c:{client}:b:{number}"));
            texts.push(format!("c:{client}:b:{number}:l:backup"));
            texts.push(format!("c:{client}:b:{number}:l:backup_stats"));
            texts.push(format!("c:{client}:b:{number}:p:{}", server.backed_up(client)));
            texts.push(format!("c:{client}:b:{number}:p:*"));
        }
    }
    let queries: Vec<&str> = texts.iter().map(String::as_str).collect();
    let answers = server.bare(&queries);
    let mut known: Vec<_> = texts.into_iter().zip(answers).collect();
    known.sort_by_key(|(_, answer)| std::cmp::Reverse(answer.len()));
    known
}
