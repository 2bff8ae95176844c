//! Keys that are encrypted as OpenSSL did before PKCS#8: `DEK-Info` names the cipher and the start
//! vector, of which the first eight bytes salt the passphrase (RFC 1421 and `EVP_BytesToKey` with
//! MD5). Weak against guesses, and read because such files are still in use.

use aes::{Aes128, Aes192, Aes256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipher, BlockDecryptMut, KeyInit, KeyIvInit};
use des::TdesEde3;
use md5::{Digest, Md5};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivateSec1KeyDer};

/// Bytes of the start vector that salt the passphrase.
const SALT_BYTES: usize = 8;

/// The key in `pem`; or what is wrong.
pub(crate) fn decrypted(
    pem: &[u8],
    passphrase: &str,
) -> Result<PrivateKeyDer<'static>, &'static str> {
    let text = std::str::from_utf8(pem).map_err(|_| "its section is damaged")?;
    let (kind, body) = section(text).ok_or("its section is damaged")?;
    let (cipher, vector, body) = header(body).ok_or("its section is damaged")?;
    let secret = |bytes| key_of(passphrase, &vector, bytes);
    let der = match cipher {
        "AES-128-CBC" => decrypt::<Aes128>(&secret(16), &vector, &body),
        "AES-192-CBC" => decrypt::<Aes192>(&secret(24), &vector, &body),
        "AES-256-CBC" => decrypt::<Aes256>(&secret(32), &vector, &body),
        "DES-EDE3-CBC" => decrypt::<TdesEde3>(&secret(24), &vector, &body),
        _ => return Err("it is encrypted with a cipher that is not known"),
    };
    let der = der.ok_or("the passphrase is wrong")?;
    match kind {
        "RSA" => Ok(PrivatePkcs1KeyDer::from(der).into()),
        "EC" => Ok(PrivateSec1KeyDer::from(der).into()),
        _ => Err("it is of a kind that is not known"),
    }
}

/// The kind of the encrypted key, and what stands in its section.
fn section(text: &str) -> Option<(&str, &str)> {
    let mut rest = text;
    loop {
        let (_, begun) = rest.split_once("-----BEGIN ")?;
        let (label, body) = begun.split_once("-----")?;
        let (body, behind) = body.split_once("-----END ")?;
        match label.strip_suffix(" PRIVATE KEY") {
            Some(kind) if body.contains("DEK-Info:") => return Some((kind, body)),
            _ => rest = behind,
        }
    }
}

/// The cipher, its start vector and what is encrypted.
fn header(section: &str) -> Option<(&str, Vec<u8>, Vec<u8>)> {
    let mut cipher = None;
    let mut body = String::new();
    for line in section.lines().map(str::trim) {
        match line.split_once(':') {
            Some(("DEK-Info", value)) => cipher = value.trim().split_once(','),
            Some(_) => {}
            None => body.push_str(line),
        }
    }
    let (cipher, vector) = cipher?;
    Some((cipher, from_hex(vector)?, STANDARD.decode(body).ok()?))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let mut bytes = Vec::new();
    for pair in digits?.chunks(2) {
        let [high, low] = pair else { return None };
        bytes.push(high << 4 | low);
    }
    Some(bytes)
}

fn key_of(passphrase: &str, vector: &[u8], bytes: usize) -> Vec<u8> {
    let mut key: Vec<u8> = Vec::new();
    let mut last: Vec<u8> = Vec::new();
    while key.len() < bytes {
        let mut digest = Md5::new();
        digest.update(&last);
        digest.update(passphrase);
        digest.update(vector.get(..SALT_BYTES).unwrap_or_default());
        last = digest.finalize().to_vec();
        key.extend_from_slice(&last);
    }
    key.truncate(bytes);
    key
}

fn decrypt<C>(key: &[u8], vector: &[u8], body: &[u8]) -> Option<Vec<u8>>
where
    C: BlockCipher + BlockDecryptMut + KeyInit,
{
    let cipher = Decryptor::<C>::new_from_slices(key, vector).ok()?;
    cipher.decrypt_padded_vec_mut::<Pkcs7>(body).ok()
}
