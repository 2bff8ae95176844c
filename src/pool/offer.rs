//! A slot's side of the checkout: whether it is entered as idle, and the order in which it looks.
//!
//! The order is what keeps calls from being lost between the two sides. A slot that was entered as
//! idle belongs to whoever takes it from the book, until the call has come or the slot has struck
//! itself out. The event descriptor is cleared before the mailbox is looked into, so that what comes
//! after the look ends the next wait.

use std::sync::Arc;

use crate::call::Call;
use crate::checkout::{Checkout, Entry};

/// See the module.
pub(crate) struct Offer<Q, A> {
    checkout: Arc<Checkout<Q, A>>,
    mailbox: Entry<Q, A>,
    /// Entered as idle, or a call is on its way here.
    made: bool,
}

impl<Q, A> Offer<Q, A> {
    /// For a slot that has been entered in the book.
    pub(crate) fn new(checkout: Arc<Checkout<Q, A>>, mailbox: Entry<Q, A>) -> Self {
        Self { checkout, mailbox, made: false }
    }

    /// The slot's child is free: the next call for it, if one waits; else the slot is idle, and a
    /// call will come to its mailbox.
    pub(crate) fn next(&mut self) -> Option<Call<Q, A>> {
        if self.made {
            return None;
        }
        let call = self.checkout.next(&self.mailbox);
        self.made = call.is_none();
        call
    }

    /// The descriptor was readable: the call that came, if it was one.
    pub(crate) fn open(&mut self) -> Option<Call<Q, A>> {
        self.mailbox.clear();
        let call = self.mailbox.take();
        if call.is_some() {
            self.made = false;
        }
        call
    }

    /// Takes the slot off the idle ones; a call that was handed to it meanwhile goes back to the
    /// checkout. False if that call is still on its way: its arrival ends the slot's wait.
    pub(crate) fn withdraw(&mut self) -> bool {
        if self.made && !self.checkout.withdraw(&self.mailbox) {
            // The hand-over is a step after the entry is struck out.
            let Some(call) = self.mailbox.take() else { return false };
            self.checkout.give_back(call);
        }
        self.made = false;
        true
    }
}
