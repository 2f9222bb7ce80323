/**
 * Shows a visitor the whole product: real programs, real messages, in a folder of its own on ports of loopback.
 *
 * <pre>
 *   Demo --messages by SMTP--> the product (carteiro.start.Product, as carteiro run has it) --> mailboxes
 *     |                           ^ accounts                                               \--SMTP--> Neighbour
 *     +--people.ldif--> Directory-+                        Journal &lt;--log
 * </pre>
 *
 * Never here: anything the product itself does; what the demo shows must be what an installation does.
 */
@NullMarked
package carteiro.demo;

import org.jspecify.annotations.NullMarked;
