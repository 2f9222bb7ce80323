/**
 * Shows a visitor the whole product: real programs, real messages, in a folder of its own on ports of loopback.
 *
 * <pre>
 *   Demo --messages by SMTP--> the product (carteiro.start.RunningInstallation, as carteiro run has it) --> mailboxes
 *     |                           ^ accounts                                               \--SMTP--> DemoRemoteHost
 *     +--people.ldif--> DemoDirectory                      DemoLog &lt;--log
 * </pre>
 *
 * Never here: anything the product itself does; what the demo shows must be what an installation does.
 */
@NullMarked
package carteiro.demo;

import org.jspecify.annotations.NullMarked;
