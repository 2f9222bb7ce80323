package carteiro.mail;

/**
 * Completes hosts: what is added to an address without one, to a host without a dot, to a host that ends in a plus sign.
 *
 * @param host for addresses without a host, itself complete
 * @param domain for hosts without a dot
 * @param plusDomain for hosts that end in {@code +}
 */
public record Completion(String host, String domain, String plusDomain) {
    /** From the three settings; the host may itself need completion. */
    public static Completion of(String host, String domain, String plusDomain) {
        var unfinished = new Completion("", domain, plusDomain);
        return new Completion(unfinished.complete(host, true), domain, plusDomain);
    }

    /**
     * A host, completed.
     *
     * @param plus whether a plus sign at its end counts: not in a literal or a quoted word
     */
    public String complete(String unfinished, boolean plus) {
        String completed = unfinished;
        if (plus && completed.endsWith("+")) {
            int end = completed.length() - (completed.endsWith(".+") ? 2 : 1);
            completed = append(completed.substring(0, end), plusDomain);
        }
        if (completed.indexOf('.') < 0 && completed.indexOf('[') < 0) {
            completed = append(completed, domain);
        }
        return completed;
    }

    private static String append(String head, String tail) {
        return head.isEmpty() ? tail : tail.isEmpty() ? head : head + "." + tail;
    }
}
