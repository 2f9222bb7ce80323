package carteiro.mail;

/**
 * One whom a message is for.
 *
 * @param address the forward-path (RFC 5321 section 2.3.1)
 * @param attributes what else is known of this recipient
 */
public record Recipient(Address address, Attributes attributes) {}
