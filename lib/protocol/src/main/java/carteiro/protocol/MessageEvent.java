package carteiro.protocol;

import carteiro.log.EventName;
import carteiro.log.LineForm;
import carteiro.log.LogEvent;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The events that tell of one message from its arrival to its end: several programs write them, and {@code carteiro trace} puts
 * them together. send's are qmail-send's, word for word. Each has its meaning in docs/programs/log.md.
 */
public sealed interface MessageEvent extends LogEvent {
    /** Every form, for who reads a log; a line is of one form at most. */
    List<LineForm<? extends MessageEvent>> FORMS = List.of(
            NewMessage.FORM,
            MessageInfo.FORM,
            DeliveryStarting.FORM,
            DeliveryEnded.FORM,
            EndMessage.FORM,
            MessageAccepted.FORM,
            SessionEnded.FORM,
            BounceQueued.FORM,
            MangledReport.FORM,
            SendExiting.FORM,
            DoubleBounceDiscarded.FORM,
            TripleBounce.FORM,
            BounceTrouble.FORM,
            MessageWithdrawn.FORM,
            MessageParked.FORM,
            NoAddresses.FORM,
            NoRoute.FORM,
            MessageUnreadable.FORM,
            SpoolTaken.FORM,
            DeliveryWaits.FORM);

    /** The event of a line, octets without what a logger put in front; empty if it is none of these. */
    static Optional<MessageEvent> read(String line) {
        for (LineForm<? extends MessageEvent> form : FORMS) {
            Optional<? extends MessageEvent> event = form.read(line);
            if (event.isPresent()) {
                return Optional.of(event.get());
            }
        }
        return Optional.empty();
    }

    /** One that says something about a message which need not be understood to be shown with it. */
    sealed interface MessageNote extends MessageEvent {
        /** The message's number. */
        long message();
    }

    // ---- smtpd and qmqpd

    /**
     * A message is on disk.
     *
     * @param program who took it
     * @param octets without our Received field, LF line ends
     * @param id of the transaction, as in the Received field
     * @param messageId what the message calls itself; empty if it does not
     * @param login the account that the client has logged in to; empty if it has not
     */
    @EventName("message-accepted")
    record MessageAccepted(
            String program,
            long message,
            String sender,
            int recipients,
            long octets,
            String client,
            String id,
            String messageId,
            String login)
            implements MessageEvent {
        /** Who takes messages. */
        public static final List<String> PROGRAMS = List.of("smtpd", "qmqpd");

        private static final LineForm<MessageAccepted> FORM = LineForm.<MessageAccepted>begins("")
                .oneOf(MessageAccepted::program, PROGRAMS)
                .then(": accepted msg ")
                .number(MessageAccepted::message)
                .then(" from <")
                .word(MessageAccepted::sender)
                .then("> ")
                .number(MessageAccepted::recipients)
                .then(" recipients ")
                .number(MessageAccepted::octets)
                .then(" bytes client ")
                .word(MessageAccepted::client)
                .then(" id ")
                .word(MessageAccepted::id)
                .then(" message-id ")
                .wordAndPhrase(
                        event -> event.messageId().isEmpty() ? "-" : event.messageId(),
                        " login ",
                        MessageAccepted::login)
                .readBy(line -> new MessageAccepted(
                        line.text(),
                        line.number(),
                        line.text(),
                        line.count(),
                        line.number(),
                        line.text(),
                        line.text(),
                        line.textOrDash(),
                        line.text()));

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /**
     * A session of smtpd ended.
     *
     * @param helo empty if the client did not say it
     * @param cipher {@code plain} without TLS
     * @param how why it ended
     */
    @EventName("session-ended")
    record SessionEnded(String client, String helo, String cipher, int messages, int refusals, String how)
            implements MessageEvent {
        /** What stands for the cipher of a session without TLS. */
        public static final String PLAIN = "plain";

        private static final LineForm<SessionEnded> FORM = LineForm.<SessionEnded>begins("smtpd: session client ")
                .word(SessionEnded::client)
                .then(" helo ")
                .wordOrDash(SessionEnded::helo)
                .then(" ")
                .word(SessionEnded::cipher)
                .then(" messages ")
                .number(SessionEnded::messages)
                .then(" refusals ")
                .number(SessionEnded::refusals)
                .then(" ended: ")
                .phrase(SessionEnded::how)
                .readBy(line -> new SessionEnded(
                        line.text(), line.textOrDash(), line.text(), line.count(), line.count(), line.text()));

        @Override
        public String program() {
            return "smtpd";
        }

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    // ---- send

    /** What send writes. */
    sealed interface SendsEvent extends MessageEvent {
        @Override
        default String program() {
            return "send";
        }
    }

    /** A message is taken from the queue for the first time. */
    @EventName("message-new")
    record NewMessage(long message) implements SendsEvent {
        private static final LineForm<NewMessage> FORM = LineForm.<NewMessage>begins("new msg ")
                .number(NewMessage::message)
                .readBy(line -> new NewMessage(line.number()));

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** What is known of it. {@code qp} is the message's own number here. */
    @EventName("message-info")
    record MessageInfo(long message, long octets, String sender, long qp, long uid) implements SendsEvent {
        private static final LineForm<MessageInfo> FORM = LineForm.<MessageInfo>begins("info msg ")
                .number(MessageInfo::message)
                .then(": bytes ")
                .number(MessageInfo::octets)
                .then(" from <")
                .word(MessageInfo::sender)
                .then("> qp ")
                .number(MessageInfo::qp)
                .then(" uid ")
                .number(MessageInfo::uid)
                .readBy(line ->
                        new MessageInfo(line.number(), line.number(), line.text(), line.number(), line.number()));

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** A delivery begins. */
    @EventName("delivery-starting")
    record DeliveryStarting(long delivery, long message, Wires.Channel channel, String recipient)
            implements SendsEvent {
        private static final LineForm<DeliveryStarting> FORM = LineForm.<DeliveryStarting>begins("starting delivery ")
                .number(DeliveryStarting::delivery)
                .then(": msg ")
                .number(DeliveryStarting::message)
                .then(" to ")
                .constant(DeliveryStarting::channel, Wires.Channel.class)
                .then(" ")
                .word(DeliveryStarting::recipient)
                .readBy(line -> new DeliveryStarting(
                        line.number(), line.number(), line.constant(Wires.Channel.class), line.text()));

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** How a delivery ended. */
    enum DeliveryEnding {
        /** Done. */
        SUCCESS,
        /** Failed for good. */
        FAILURE,
        /** To be tried again. */
        DEFERRAL
    }

    /** A delivery has ended. */
    @EventName("delivery-ended")
    record DeliveryEnded(long delivery, DeliveryEnding kind, String text) implements SendsEvent {
        private static final LineForm<DeliveryEnded> FORM = LineForm.<DeliveryEnded>begins("delivery ")
                .number(DeliveryEnded::delivery)
                .then(": ")
                .constant(DeliveryEnded::kind, DeliveryEnding.class)
                .then(": ")
                .word(DeliveryEnded::text)
                .readBy(line -> new DeliveryEnded(line.number(), line.constant(DeliveryEnding.class), line.text()));

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** The answer of local or remote made no sense; the delivery is tried again. */
    @EventName("delivery-mangled")
    record MangledReport(long delivery) implements SendsEvent {
        private static final LineForm<MangledReport> FORM = LineForm.<MangledReport>begins("delivery ")
                .number(MangledReport::delivery)
                .then(": report mangled, will defer")
                .readBy(line -> new MangledReport(line.number()));

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** A bounce is in the queue; {@code qp} is its number. */
    @EventName("bounce-queued")
    record BounceQueued(long message, long qp) implements SendsEvent {
        private static final LineForm<BounceQueued> FORM = LineForm.<BounceQueued>begins("bounce msg ")
                .number(BounceQueued::message)
                .then(" qp ")
                .number(BounceQueued::qp)
                .readBy(line -> new BounceQueued(line.number(), line.number()));

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** A double bounce failed: nobody is told. */
    @EventName("triple-bounce")
    record TripleBounce(long message) implements SendsEvent, MessageNote {
        private static final LineForm<TripleBounce> FORM = LineForm.<TripleBounce>begins(
                        "triple bounce: discarding bounce/")
                .number(TripleBounce::message)
                .readBy(line -> new TripleBounce(line.number()));

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** A bounce failed, and control/doublebounceto is empty. */
    @EventName("double-bounce-discarded")
    record DoubleBounceDiscarded(long message) implements SendsEvent, MessageNote {
        private static final LineForm<DoubleBounceDiscarded> FORM = LineForm.<DoubleBounceDiscarded>begins(
                        "double bounce: discarding bounce/")
                .number(DoubleBounceDiscarded::message)
                .readBy(line -> new DoubleBounceDiscarded(line.number()));

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** The bounce could not be queued now. */
    @EventName("bounce-trouble")
    record BounceTrouble(long message, String reason) implements SendsEvent, MessageNote {
        private static final LineForm<BounceTrouble> FORM = LineForm.<BounceTrouble>begins(
                        "warning: trouble injecting bounce message for msg ")
                .number(BounceTrouble::message)
                .then(", will try later: ")
                .phrase(BounceTrouble::reason)
                .readBy(line -> new BounceTrouble(line.number(), line.text()));

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** An administrator withdrew it; so many recipients had neither been delivered nor failed. */
    @EventName("message-withdrawn")
    record MessageWithdrawn(long message, Withdrawal.WithdrawalAction way, int recipients, String by, String reason)
            implements SendsEvent, MessageNote {
        private static final LineForm<MessageWithdrawn> FORM = LineForm.<MessageWithdrawn>begins("")
                .constant(
                        MessageWithdrawn::way,
                        Map.of(
                                Withdrawal.WithdrawalAction.REMOVE, "removed",
                                Withdrawal.WithdrawalAction.BOUNCE, "gave up"))
                .then(" msg ")
                .number(MessageWithdrawn::message)
                .then(": recipients ")
                .number(MessageWithdrawn::recipients)
                .then(" by ")
                .wordAndPhrase(MessageWithdrawn::by, ": ", MessageWithdrawn::reason)
                .readBy(line -> {
                    var way = line.constant(Withdrawal.WithdrawalAction.class);
                    return new MessageWithdrawn(line.number(), way, line.count(), line.text(), line.text());
                });

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** queue tells no addresses of a message. */
    @EventName("addresses-not-told")
    record NoAddresses(long message, int recipient, Instant next) implements SendsEvent, MessageNote {
        private static final LineForm<NoAddresses> FORM = LineForm.<NoAddresses>begins("warning: msg ")
                .number(NoAddresses::message)
                .then(": queue does not tell the addresses from recipient ")
                .number(NoAddresses::recipient)
                .then(" on; they are tried again at ")
                .word(event -> event.next().toString())
                .readBy(line -> new NoAddresses(line.number(), line.count(), Instant.parse(line.text())));

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** lookup has no answer for a message. */
    @EventName("no-route")
    record NoRoute(long message, String reason) implements SendsEvent, MessageNote {
        private static final LineForm<NoRoute> FORM = LineForm.<NoRoute>begins("warning: msg ")
                .number(NoRoute::message)
                .then(": lookup does not tell where its recipients go; it is asked again later: ")
                .phrase(NoRoute::reason)
                .readBy(line -> new NoRoute(line.number(), line.text()));

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** A message broke local or remote too often. */
    @EventName("message-parked")
    record MessageParked(long message, Wires.Channel channel, int times, Instant until, String reason)
            implements SendsEvent, MessageNote {
        private static final LineForm<MessageParked> FORM = LineForm.<MessageParked>begins("alert: msg ")
                .number(MessageParked::message)
                .then(" broke ")
                .constant(MessageParked::channel, Wires.Channel.class)
                .then(" ")
                .number(MessageParked::times)
                .then(" times and is parked until ")
                .word(event -> event.until().toString())
                .then("; look at the message, and report a bug: ")
                .phrase(MessageParked::reason)
                .readBy(line -> new MessageParked(
                        line.number(),
                        line.constant(Wires.Channel.class),
                        line.count(),
                        Instant.parse(line.text()),
                        line.text()));

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** The message is finished. */
    @EventName("message-ended")
    record EndMessage(long message) implements SendsEvent {
        private static final LineForm<EndMessage> FORM = LineForm.<EndMessage>begins("end msg ")
                .number(EndMessage::message)
                .readBy(line -> new EndMessage(line.number()));

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** send ends; nothing is under way any more. */
    @EventName("send-exiting")
    record SendExiting() implements SendsEvent {
        private static final LineForm<SendExiting> FORM =
                LineForm.<SendExiting>begins("status: exiting").readBy(_ -> new SendExiting());

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    // ---- queue and local

    /** A message cannot be read. */
    @EventName("message-unreadable")
    record MessageUnreadable(long message, String why) implements MessageNote {
        private static final LineForm<MessageUnreadable> FORM = LineForm.<MessageUnreadable>begins(
                        "alert: queue: message ")
                .number(MessageUnreadable::message)
                .then(" cannot be read now (")
                .phrase(MessageUnreadable::why)
                .then("); it stays queued and is tried again; check the disk")
                .readBy(line -> new MessageUnreadable(line.number(), line.text()));

        @Override
        public String program() {
            return "queue";
        }

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** A message that waited in the spool is in the queue. */
    @EventName("spool-taken")
    record SpoolTaken(long message, String name, long uid) implements MessageNote {
        private static final LineForm<SpoolTaken> FORM = LineForm.<SpoolTaken>begins("queue: spool: took in msg ")
                .number(SpoolTaken::message)
                .then(" from ")
                .word(SpoolTaken::name)
                .then(" uid ")
                .number(SpoolTaken::uid)
                .readBy(line -> new SpoolTaken(line.number(), line.text(), line.number()));

        @Override
        public String program() {
            return "queue";
        }

        @Override
        public String line() {
            return FORM.line(this);
        }
    }

    /** local cannot begin a delivery now. */
    @EventName("delivery-waits")
    record DeliveryWaits(long delivery, String reason) implements MessageEvent {
        private static final LineForm<DeliveryWaits> FORM = LineForm.<DeliveryWaits>begins("warning: local: delivery ")
                .number(DeliveryWaits::delivery)
                .then(" waits: ")
                .phrase(DeliveryWaits::reason)
                .readBy(line -> new DeliveryWaits(line.number(), line.text()));

        @Override
        public String program() {
            return "local";
        }

        @Override
        public String line() {
            return FORM.line(this);
        }
    }
}
