//! Table tests of the model, a storage a sentence.
