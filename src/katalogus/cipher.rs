//! Settings at rest: as they are, or encrypted so that the original reads ours and we read its.
//!
//! What the original calls `NACL_SEALBOX` is no sealed box but the authenticated box of `NaCl`
//! (Curve25519, `XSalsa20`, Poly1305) between the configured private and the configured public key.
//! Stored is the base64 of nonce, tag and ciphertext, in this order.
//!
//! No error and no `Debug` text holds a key, a setting or what is stored. Keys are overwritten when
//! they are dropped.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_box::aead::Aead;
use crypto_box::{KEY_SIZE, Nonce, PublicKey, SalsaBox, SecretKey};
use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::base64_lenient;

/// How many bytes of nonce stand before the rest of what is stored.
const NONCE_SIZE: usize = 24;

/// How settings are stored.
pub struct Cipher(Kind);

enum Kind {
    Identity,
    Sealbox(SalsaBox),
}

/// Why keys cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The private key is no base64 of 32 bytes.
    #[error("the private key is not the base64 of {KEY_SIZE} bytes")]
    Private,
    /// The public key is no base64 of 32 bytes.
    #[error("the public key is not the base64 of {KEY_SIZE} bytes")]
    Public,
}

/// Why settings cannot be written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CipherError {
    /// The system gives no random bytes.
    #[error("no random bytes for the nonce")]
    Random,
    /// There are gigabytes of settings.
    #[error("too long to be encrypted")]
    TooLong,
    /// What is stored is no base64, such as settings from before there was encryption.
    #[error("what is stored is not encrypted")]
    NotEncrypted,
    /// What is stored was encrypted with other keys, or was changed.
    #[error("what is stored was encrypted with other keys, or is damaged")]
    OtherKeys,
    /// What was encrypted is no text.
    #[error("what is stored is no text")]
    NoText,
}

impl Cipher {
    /// Settings are stored as they are (`IDENTITY`).
    pub fn identity() -> Self {
        Self(Kind::Identity)
    }

    /// Settings are encrypted (`NACL_SEALBOX`). Both keys are given as base64.
    pub fn sealbox(private_b64: &str, public_b64: &str) -> Result<Self, KeyError> {
        let private = key(private_b64).ok_or(KeyError::Private)?;
        let public = key(public_b64).ok_or(KeyError::Public)?;
        let (public, private) = (PublicKey::from(*public), SecretKey::from(*private));
        Ok(Self(Kind::Sealbox(SalsaBox::new(&public, &private))))
    }

    /// What is to be stored for a text.
    pub fn encode(&self, text: &str) -> Result<String, CipherError> {
        let Kind::Sealbox(sealbox) = &self.0 else { return Ok(text.to_owned()) };
        let mut nonce = [0; NONCE_SIZE];
        SystemRandom::new().fill(&mut nonce).map_err(|_| CipherError::Random)?;
        sealed(sealbox, nonce, text)
    }

    /// The text for which this is stored.
    pub fn decode(&self, stored: &str) -> Result<String, CipherError> {
        let Kind::Sealbox(sealbox) = &self.0 else { return Ok(stored.to_owned()) };
        let bytes = base64_lenient::decode(stored).ok_or(CipherError::NotEncrypted)?;
        let (nonce, rest) = bytes.split_first_chunk().ok_or(CipherError::NotEncrypted)?;
        let nonce: &[u8; NONCE_SIZE] = nonce;
        let text = sealbox.decrypt(Nonce::from_slice(nonce), rest);
        String::from_utf8(text.map_err(|_| CipherError::OtherKeys)?)
            .map_err(|_| CipherError::NoText)
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Identity => "Cipher(IDENTITY)",
            Kind::Sealbox(_) => "Cipher(NACL_SEALBOX)",
        })
    }
}

fn sealed(sealbox: &SalsaBox, nonce: [u8; NONCE_SIZE], text: &str) -> Result<String, CipherError> {
    let sealed = sealbox.encrypt(&nonce.into(), text.as_bytes());
    let sealed = sealed.map_err(|_| CipherError::TooLong)?;
    Ok(STANDARD.encode([&nonce[..], &sealed].concat()))
}

fn key(base64: &str) -> Option<Zeroizing<[u8; KEY_SIZE]>> {
    let bytes = Zeroizing::new(base64_lenient::decode(base64)?);
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The bytes 1 to 32.
    const PRIVATE: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

    /// The public key of the same.
    const PUBLIC: &str = "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw=";

    fn sealbox() -> Cipher {
        Cipher::sealbox(PRIVATE, PUBLIC).unwrap()
    }

    /// Boxes that `PyNaCl`, which the original uses, made of these keys.
    #[test]
    fn boxes_of_the_original_s_library_are_read_and_made() {
        let cipher = sealbox();
        let Kind::Sealbox(keys) = &cipher.0 else { panic!("no box") };
        let lines = include_str!("testdata/nacl_box.jsonl").lines();
        assert_eq!(lines.clone().count(), 6);
        for line in lines {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let field = |name: &str| case[name].as_str().unwrap();
            assert_eq!(cipher.decode(field("stored")).as_deref(), Ok(field("text")), "{line}");
            let hex = field("nonce")
                .as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
            let nonce = hex.collect::<Vec<u8>>().try_into().unwrap();
            let made = sealed(keys, nonce, field("text"));
            assert_eq!(made.as_deref(), Ok(field("stored")), "{line}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_apart_without_secrets() {
        let cipher = sealbox();
        let stored = cipher.encode("{\"KEY\": \"value\"}").unwrap();
        let other = Cipher::sealbox(PUBLIC, PUBLIC).unwrap();
        assert_eq!(other.decode(&stored), Err(CipherError::OtherKeys));
        let damaged = STANDARD.decode(&stored).map(|mut bytes| {
            bytes[30] ^= 1;
            STANDARD.encode(bytes)
        });
        assert_eq!(cipher.decode(&damaged.unwrap()), Err(CipherError::OtherKeys));
        for plain in ["", "{}", "{\"KEY\": \"value\"}", "ä"] {
            assert_eq!(cipher.decode(plain), Err(CipherError::NotEncrypted), "{plain}");
        }
        let shown = format!("{cipher:?} {:?} {}", CipherError::OtherKeys, CipherError::OtherKeys);
        assert!(!shown.contains("value") && !shown.contains(PRIVATE), "{shown}");
    }

    #[test]
    fn keys_are_base64_of_32_bytes() {
        let error = |private: &str, public: &str| Cipher::sealbox(private, public).err();
        assert_eq!(error(PRIVATE, PUBLIC), None);
        assert_eq!(error(&format!(" {PRIVATE}\n"), PUBLIC), None);
        for wrong in ["", "AQID", "no key", "äöü", &PRIVATE.replace('=', "")] {
            assert_eq!(error(wrong, PUBLIC), Some(KeyError::Private), "{wrong}");
            assert_eq!(error(PRIVATE, wrong), Some(KeyError::Public), "{wrong}");
        }
    }

    #[test]
    fn a_text_is_never_encrypted_twice_alike() {
        let cipher = sealbox();
        assert_ne!(cipher.encode("{}"), cipher.encode("{}"));
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_again(text in any::<String>()) {
            for cipher in [Cipher::identity(), sealbox()] {
                let stored = cipher.encode(&text).unwrap();
                prop_assert_eq!(cipher.decode(&stored), Ok(text.clone()));
            }
        }
    }
}
