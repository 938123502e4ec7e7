import './desk/app.ts';
