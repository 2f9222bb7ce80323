/**
 * Says what an address is: an account, other addresses, another host, or nothing.
 *
 * <pre>
 *   smtpd, local --address--> LookupProgram --> AddressLookup --> control/locals, virtualdomains (Routing)
 *                                                  |
 *                                 sources in order | the first that knows the address answers
 *                                                  +--> LdapSource --> LdapServers --> LdapServer (StartTLS, LDAPS)
 *                                                  +--> AssignSource --> users/cdb
 *                                                  +--> PasswdSource --> MailUsers --> the system's passwd
 *                                                  +--> AliasSource --> HOME/alias
 *                                                  |
 *                                                  +--> DotQmailProbe: is there a .qmail file for this extension?
 *                                                            | where we may not look
 *                                                            +--> local, as the account's user (Homes)
 * </pre>
 *
 * A source that cannot tell now ends the question with "not now": it never lets the next source answer, and is never
 * taken for "unknown". Classes named Ldap are loaded only where control/ldapserver exists.
 *
 * <p>Never here: reading a message, writing a file of an account, handing a password or a hash to anyone.
 */
@NullMarked
package carteiro.lookup;

import org.jspecify.annotations.NullMarked;
