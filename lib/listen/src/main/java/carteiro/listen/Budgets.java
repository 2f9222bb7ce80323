package carteiro.listen;

/**
 * What the conversations hold together beyond what each has anyway. Each use has a budget of its own: a thousand idle
 * clients of TLS take nothing from the recipients of the others.
 *
 * @param tls octets in buffers and keys of TLS
 * @param recipients octets of recipients
 * @param messages octets of buffers for messages under way
 * @param text octets of messages under way, which queue keeps on disk until they are whole or given up
 */
public record Budgets(ClientBudget tls, ClientBudget recipients, ClientBudget messages, ClientBudget text) {
    /** What TLS costs a conversation: buffers for a record each way, keys, session. */
    public static final long TLS = 64 * 1024;

    /** What one recipient costs beside its octets. */
    public static final long RECIPIENT = 100;

    /** What a message under way costs: a buffer to read into, one for queue. */
    public static final long MESSAGE = 48 * 1024;

    /** The octets of messages under way of all clients. The half of one client is the limit of its single message too. */
    public static final long TEXT = 4L << 30;

    /** The text of a message is counted in steps, the first of which is free: most messages are small. */
    public static final long TEXT_STEP = 1 << 20;

    private static final Budgets OF_THIS_PROCESS = new Budgets(
            new ClientBudget(Runtime.getRuntime().maxMemory() / 4),
            new ClientBudget(Runtime.getRuntime().maxMemory() / 8),
            new ClientBudget(Runtime.getRuntime().maxMemory() / 8),
            new ClientBudget(TEXT));

    /** A quarter of the heap for TLS, an eighth each for recipients and messages; the same for all programs of one process. */
    public static Budgets ofThisProcess() {
        return OF_THIS_PROCESS;
    }
}
