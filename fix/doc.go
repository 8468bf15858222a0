// Package fix computes corrections of detection rules, as edits of bytes. Nothing outside of an
// edit changes, so comments and layout stay.
//
// [File] returns the edits for a file, and [Apply] applies them. A safe edit does not change the
// content that a sensor reads; [Compare] verifies that for edits together. The other edits change
// the meaning of a rule, or give one to a rule that does not compile. A person has to ask for them.
//
// The edits of a finding are those with its check and its position.
package fix
